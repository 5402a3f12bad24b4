"""`python -m benchmarks.switch`."""

from __future__ import annotations

import signal
import sys

from benchmarks.switch.command import main

signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it, the old version gets the traffic back
sys.exit(main())
