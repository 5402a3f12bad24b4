"""What policies say that they stand for, there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.policing.catalogue import CONTROLS
from tidegate.policing.packs import NAMES, packs

if TYPE_CHECKING:
    from policies.judging import Policy

POLICIES = [(f"{pack.name}/{policy.name}", policy) for pack in packs(NAMES) for policy in pack.policies]
FREE = {"nsa-kubernetes", "pod-security/baseline", "pod-security/restricted"}
"""Frameworks that have no controls with ids."""


@pytest.mark.parametrize(("name", "policy"), POLICIES, ids=[name for name, _ in POLICIES])
def test_what_policies_stand_for(name: str, policy: Policy) -> None:
    """Each names controls that its framework has, in the version that is looked at; and says what to do, and where to read on."""
    for standard in policy.standards:
        if standard.framework not in FREE:
            known = CONTROLS[standard.framework, standard.version]
            assert standard.controls, f"{name} names no control of {standard.framework}"
            assert not set(standard.controls) - known.keys(), name
    assert policy.title.endswith(".")
    assert policy.fix
    assert "Looks at:" in policy.text
    assert "Allowed:" in policy.text


def test_names_are_unique() -> None:
    """No two policies of a pack have the same one."""
    names = [name for name, _ in POLICIES]
    assert len(set(names)) == len(names)
