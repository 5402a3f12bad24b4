"""docs/components.md has every component, and its arguments as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


# The SDK's analyzer leaves the file open in which a package of resources says its name.
@pytest.mark.filterwarnings(r"ignore:unclosed file .*pulumi-plugin\.json:ResourceWarning")
def test_the_reference_has_not_drifted() -> None:
    """What follows the mark is what `make docs` writes."""
    generated = runpy.run_path(str(ROOT / "docs" / "generate_components.py"))["page"]()
    assert (ROOT / "docs" / "components.md").read_text() == generated, "docs/components.md has drifted: run `make docs`"
