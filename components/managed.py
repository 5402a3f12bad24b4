"""A data service that something else runs: a name in the namespace that leads to it, so that services needn't know where it is."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import Service

from components import store
from tidegate.model.intent.data import Managed as ManagedIntent
from tidegate.model.intent.intent import Intent


class ManagedArgs(TypedDict):
    """Where the data service is."""

    namespace: pulumi.Input[str]
    """Where it is."""
    labels: dict[str, str]
    """Of all its objects."""
    host: str
    """Its DNS name."""
    port: int
    """Where it listens."""


class Managed(pulumi.ComponentResource):
    """A Service that is another name for a host outside."""

    host: pulumi.Output[str]
    """The name by which the services reach it."""

    def __init__(self, name: str, args: ManagedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Managed", name, None, opts)
        place = store.Place(name, args["namespace"], args["labels"])
        service = Service(
            name,
            metadata=place.metadata(name),
            # The port says what is there; a name has none.
            spec={"type": "ExternalName", "external_name": args["host"], "ports": [{"name": "data", "port": args["port"]}]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.host = service.metadata["name"].apply(str)
        self.register_outputs({"host": self.host})


def arguments(intent: Intent, name: str, namespace: pulumi.Input[str], labels: Mapping[str, str]) -> ManagedArgs:
    """A managed data service, as an intent has it."""
    found = intent.data[name]
    if not isinstance(found, ManagedIntent):
        raise TypeError(f"data.{name} is of kind {found.kind}, not managed")
    return {"namespace": namespace, "labels": dict(labels), "host": found.host, "port": found.port}
