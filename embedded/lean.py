"""httpx without the command line that it imports along wherever click and rich are there.

That takes longer to import than all the rest of it, and every command of ours would wait for it.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["httpx"]

_COMMAND_LINE: Final = "httpx._main"

_unknown: Final = _COMMAND_LINE not in sys.modules
if _unknown:
    # Python's own way to say that there is no such module; httpx goes without it then.
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
import httpx  # noqa: E402 - what it finds is settled above

if _unknown:
    del sys.modules[_COMMAND_LINE]
