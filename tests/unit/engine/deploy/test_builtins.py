"""What programs can ask the engine itself: a stack's outputs, and the outputs of its resources."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.deploy.builtins import BuiltinProvider
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import ProviderError
from embedded.engine.model.state import Resource
from embedded.engine.model.values import Secret

if TYPE_CHECKING:
    from embedded.engine.model.values import Values

URN = "urn:pulumi:dev::shop::"
READ = "pulumi:pulumi:readStackResourceOutputs"
HUSH = Secret("hush")


class Stacks:
    """ports.References: one stack with two resources, one of them replaced."""

    async def outputs(self, stack: str) -> tuple[Values, list[str]]:
        raise EngineError(f"unknown stack {stack!r}")

    async def resources(self, stack: str) -> list[Resource]:
        if stack != "organization/shop/dev":
            raise EngineError(f"unknown stack {stack!r}")
        fresh = Resource(f"{URN}a:b:C::new", "a:b:C", custom=True)
        fresh.outputs = {"size": 1.0, "key": HUSH}
        old = Resource(f"{URN}a:b:C::old", "a:b:C", custom=True, delete=True)
        return [fresh, old]


def ask(args: dict[str, Any]) -> Values:
    """The function's answer."""
    provider = BuiltinProvider(Stacks(), lambda _: None)
    return asyncio.run(provider.invoke(READ, args, preview=False)).value


@pytest.mark.parametrize("name", ["organization/shop/dev", Secret("organization/shop/dev")])
def test_resources_of_a_stack(name: Any) -> None:
    """Type and outputs by URN, with secrets as they are; what waits to be deleted is left out."""
    assert ask({"stackName": name}) == {
        "name": "organization/shop/dev",
        "outputs": {f"{URN}a:b:C::new": {"type": "a:b:C", "outputs": {"size": 1.0, "key": HUSH}}},
    }


@pytest.mark.parametrize(
    ("args", "error", "text"),
    [
        ({"stackName": "organization/shop/gone"}, EngineError, "unknown stack"),
        ({}, ProviderError, "'stackName' must be the name of a stack, as text; it is missing"),
        ({"stackName": 3.0}, ProviderError, "'stackName' must be the name of a stack, as text; it is a float"),
    ],
)
def test_a_stack_that_cannot_be_meant(args: dict[str, Any], error: type[Exception], text: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(error, match=text):
        ask(args)
