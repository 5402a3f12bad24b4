"""The Python SDK of the reference provider, for programs in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = "1.0.0"


def _versioned(options: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=VERSION), options)


class Provider(pulumi.ProviderResource):
    """An explicit instance. `directory`: where things are kept; a change of `region` replaces it; `token` is secret."""

    def __init__(
        self,
        name: str,
        *,
        directory: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("reference", name, {"directory": directory, "region": region, "token": token}, _versioned(opts))


class Thing(pulumi.CustomResource):
    """A thing: a JSON file. A change of `kind` replaces it, one of `place` deletes the old one before."""

    name: pulumi.Output[str]
    value: pulumi.Output[Any]
    kind: pulumi.Output[str]
    place: pulumi.Output[str]
    size: pulumi.Output[int]
    token: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        value: pulumi.Input[Any] = None,
        kind: pulumi.Input[str] | None = None,
        place: pulumi.Input[str] | None = None,
        fault: pulumi.Input[Mapping[str, str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {"name": name, "value": value, "kind": kind, "place": place, "fault": fault, "size": None, "token": None}
        super().__init__("reference:index:Thing", resource_name, properties, _versioned(opts))


class Pair(pulumi.ComponentResource):
    """A remote component of two things."""

    names: pulumi.Output[Sequence[str]]
    token: pulumi.Output[str]

    def __init__(self, name: str, *, value: pulumi.Input[Any], opts: pulumi.ResourceOptions | None = None) -> None:
        properties = {"value": value, "names": None, "token": None}
        super().__init__("reference:index:Pair", name, properties, _versioned(opts), remote=True)

    def describe(self, greeting: pulumi.Input[str]) -> pulumi.Output[Any]:
        """A method: the greeting and the pair's names."""
        return pulumi.runtime.call("reference:index:Pair/describe", {"__self__": self, "greeting": greeting}, res=self)


def lookup(name: pulumi.Input[str]) -> pulumi.Output[Any]:
    """What is kept of a thing."""
    return pulumi.runtime.invoke_output("reference:index:lookup", {"name": name}, pulumi.InvokeOutputOptions(version=VERSION))
