"""Made-up steps of a made-up stack, for all tests of displays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model import urn as urns
from embedded.engine.model.events import Step
from embedded.engine.model.state import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = urns.root("dev", "shop")


def make_resource(name: str, inputs: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None, **fields: Any) -> Resource:
    """A custom resource of the type toy:index:Box, child of the stack."""
    urn = urns.make("dev", "shop", ROOT, "toy:index:Box", name)
    provider = f"{urns.make('dev', 'shop', '', 'pulumi:providers:toy', 'default')}::p"
    made: dict[str, Any] = {"custom": True, "id": f"id-{name}", "parent": ROOT, "provider": provider} | fields
    return Resource(urn, "toy:index:Box", inputs=inputs or {}, outputs=outputs or {}, **made)


def make_step(op: Any, old: Resource | None, new: Resource | None, **fields: Any) -> Step:
    """A step from one state to the other."""
    resource = new or old
    assert resource is not None
    return Step(op, resource.urn, resource.type, old, new, resource.provider, **fields)


@pytest.fixture
def resource() -> Callable[..., Resource]:
    """How to make a resource."""
    return make_resource


@pytest.fixture
def step() -> Callable[..., Step]:
    """How to make a step."""
    return make_step


@pytest.fixture
def stack_step() -> Callable[..., Step]:
    """How to make a step of the stack itself: `(op, old outputs or None, new outputs or None)`."""

    def make(op: Any, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Step:
        def state(outputs: dict[str, Any] | None) -> Resource | None:
            return None if outputs is None else Resource(ROOT, urns.STACK_TYPE, custom=False, outputs=outputs)

        return Step(op, ROOT, urns.STACK_TYPE, state(old), state(new))

    return make
