"""What renaming a stack means inside its state."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.engine.backend.naming import StackName
from embedded.engine.backend.rename import rename_deployment
from embedded.engine.model.values import SIGNATURE

OLD = "urn:pulumi:dev::shop::a:b:P$a:b:C::x::y"
NEW = "urn:pulumi:prod::shop::a:b:P$a:b:C::x::y"
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("urn", "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"),
        ("urn", OLD, NEW),
        ("parent", OLD, NEW),
        ("deletedWith", OLD, NEW),
        ("viewOf", OLD, NEW),
        ("provider", f"{OLD}::id", f"{NEW}::id"),
        ("dependencies", [OLD], [NEW]),
        ("replaceWith", [OLD], [NEW]),
        ("aliases", [OLD], [NEW]),
        ("propertyDependencies", {"k": [OLD], "e": []}, {"k": [NEW], "e": []}),
        ("inputs", {"k": [{SIGNATURE: REFERENCE, "urn": OLD}]}, {"k": [{SIGNATURE: REFERENCE, "urn": NEW}]}),
        ("outputs", {"k": OLD}, {"k": OLD}),
        (
            "outputs",
            {"k": {SIGNATURE: SECRET, "plaintext": f'{{"{SIGNATURE}":"{REFERENCE}","urn":"{OLD}"}}'}},
            {"k": {SIGNATURE: SECRET, "plaintext": f'{{"{SIGNATURE}":"{REFERENCE}","urn":"{NEW}"}}'}},
        ),
        ("outputs", {"k": {SIGNATURE: SECRET, "ciphertext": "v1:a:b"}}, {"k": {SIGNATURE: SECRET, "ciphertext": "v1:a:b"}}),
        ("dependencies", ["urn:pulumi:dev::art::a:b:C::c"], ["urn:pulumi:dev::art::a:b:C::c"]),
        ("dependencies", ["urn:pulumi:other::shop::a:b:C::c"], ["urn:pulumi:other::shop::a:b:C::c"]),
    ],
)
def test_urns_are_rewritten(field: str, old: Any, new: Any) -> None:
    """Every reference to a resource of the stack is rewritten, in resources and pending operations; nothing else is."""
    resource = {"urn": OLD, field: old}
    pending = {"urn": OLD, field: old}
    rename_deployment(
        {"resources": [resource], "pending_operations": [{"resource": pending, "type": "creating"}]},
        StackName("shop", "dev"),
        StackName("shop", "prod"),
    )
    assert resource == pending == {"urn": NEW} | {field: new}


def test_another_project() -> None:
    """A stack may move to another project."""
    resource = {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"}
    rename_deployment({"resources": [resource]}, StackName("shop", "dev"), StackName("art", "dev"))
    assert resource == {"urn": "urn:pulumi:dev::art::pulumi:pulumi:Stack::art-dev"}
