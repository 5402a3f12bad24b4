"""The data file of the built-in API: read once a process."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).with_name("kubernetes.json.gz")


@cache
def load() -> dict[str, Any]:
    """Version, groups, resources and types, as `generate` wrote them. Shared: nobody changes it."""
    data: dict[str, Any] = json.loads(gzip.decompress(DATA.read_bytes()))
    return data
