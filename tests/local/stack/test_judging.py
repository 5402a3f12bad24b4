"""A plain preview with the packs that come with Tidegate: what `tidegate policies run` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.stack.place import stage
from tidegate.model.errors import TidegateError
from tidegate.policing.packs import folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.stack.place import Place


def test_a_stack_is_judged_as_it_would_be(place: Place, tmp_path: Path) -> None:
    """By its own file; nothing is changed, and levels may be given on top. What the update would do is judged as well."""
    stack = place.stack(packs=[folder("release")])
    before = stack.read()
    found = stack.judge()
    assert (found.errors, [one for one in found.violations if one.level == "mandatory"]) == ((), [])
    assert stack.read() == before
    settings = tmp_path / "settings.json"
    settings.write_text('{"all": "advisory", "update-size": {"deleted": 0}}')
    assert stack.judge(settings).errors == ()
    settings.write_text('{"update-size": {"deleted": "many"}}')
    with pytest.raises(TidegateError, match="policy config"):
        stack.judge(settings)
    assert stack.preview(stack.told({}, {}), stage()).errors == ()
