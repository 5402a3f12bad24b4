"""What all tests of secrets need."""

from __future__ import annotations

import pytest

from policies.security.secrets.finding import in_file, in_value


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Each test judges anew, even where the same was judged before: mutants are tested in a process that has judged it well."""
    in_value.cache_clear()
    in_file.cache_clear()
