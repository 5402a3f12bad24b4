"""What the programs of these tests make: things that live in their own state, and fail or drift when their inputs say so."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


class Toys(ResourceProvider):
    """A change of `name` replaces. `fail` names the operation that is refused; `live` says what a refresh finds."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        wrong = [CheckFailure("size", "size must be a number")] if news.get("size") == "wrong" else []
        return CheckResult(news, wrong)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        changed = sorted(k for k in _olds.keys() | _news.keys() if k not in {"made", "__provider"} and _olds.get(k) != _news.get(k))
        return DiffResult(changes=bool(changed), replaces=[k for k in changed if k == "name"])

    def create(self, props: dict[str, Any]) -> CreateResult:
        _refuse("create", props)
        return CreateResult(f"id-{props.get('name')}", props | {"made": f"{props.get('name')}/{props.get('size')}"})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _refuse("update", _news)
        return UpdateResult(_news | {"made": f"{_news.get('name')}/{_news.get('size')}"})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        _refuse("read", props)
        if props.get("live") == "gone":
            return ReadResult("", {})
        return ReadResult(id_, props | {"made": "elsewhere"} if props.get("live") == "drift" else props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        _refuse("delete", _props)


def _refuse(operation: str, properties: dict[str, Any]) -> None:
    if properties.get("fail") == operation:
        raise ValueError(f"{operation} was refused")


class Thing(Resource):
    """One of them."""

    made: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: Any) -> None:
        super().__init__(Toys(), name, {"made": None, "name": name, **properties}, opts)


class Box(pulumi.ComponentResource):
    """Holds two things."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("toys:index:Box", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        self.things = [Thing(f"{name}-{side}", inside) for side in ("left", "right")]
        self.register_outputs({"made": [thing.made for thing in self.things]})
