"""The compliance pack, as Pulumi runs it."""

import sys
from pathlib import Path

# Pulumi looks into the pack's own folder first, where names such as `secrets` would stand for Python's.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parents[1]), *(entry for entry in sys.path if Path(entry).resolve() != _HERE)]

from policies.compliance import PACK  # noqa: E402
from policies.judging.serving import serve  # noqa: E402 - see above

serve(PACK)
