"""What a slot's pods are configured with: files, and secrets as variables; both never change once they are there.

New content makes a new object with a name of its own, and the old one goes when no pod of the slot uses it any more. So a version and what
it is configured with come and go together. The names are made up and not taken from the content: after an update that failed half-way the
older content is wanted again while its object is still to be deleted, and the two must not be the same.

Which of them there are hangs on the slot, not on the intent: what is live needs its own, wherever the next version takes its settings from.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import base64
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from components import labels, pods
from components.slots import State
from tidegate.model.base import Slot
from tidegate.model.intent.secrets import External


@dataclass(frozen=True, slots=True)
class Names:
    """What a slot's pods are configured with, by name."""

    config: str | None
    secrets: tuple[str, ...]


def declare(
    service: str, slot: Slot, state: pulumi.Output[State], namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[Names]:
    """Declare a slot's settings; the names are known once they are there."""

    def made(now: State) -> pulumi.Output[Names]:
        def metadata(content: str, **annotations: str) -> Any:
            return labels.metadata(None, namespace, now.labels(service, slot), {labels.CONTENT: content} | annotations)

        name, spec = f"{service}-{slot}", now.spec
        config: Any = None
        secrets: list[Any] = []
        if spec.config:
            config = ConfigMap(f"{name}-config", metadata=metadata(now.config), data=pods.files(spec.config), immutable=True, opts=opts)
        if any(spec.secrets.values()):
            secrets.append(
                Secret(f"{name}-secrets", metadata=metadata(now.secrets), data=_values(now), immutable=True, type="Opaque", opts=opts)
            )
        if spec.external:
            waiting = metadata(now.secrets, **{"pulumi.com/waitFor": "condition=Ready"})
            # Changed in place it would change what pods of the live version find when they start again.
            anew = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(replace_on_changes=["spec"]))
            secrets.append(
                CustomResource(
                    f"{name}-external", "external-secrets.io/v1", "ExternalSecret", metadata=waiting, spec=_external(now), opts=anew
                )
            )
        named = [found.metadata["name"] if found is not None else None for found in (config, *secrets)]
        return pulumi.Output.all(*named).apply(lambda all_: Names(all_[0], tuple(all_[1:])))

    # Outputs in Outputs are resolved; the types don't say so for what isn't JSON.
    names: Any = state.apply(made)
    found: pulumi.Output[Names] = names
    return found


def _values(state: State) -> dict[str, str]:
    """The values as a Secret's `data` has them, by the variables that they become. The resource itself hides them."""
    found = {pods.variable(key): value for _, values in sorted(state.spec.secrets.items()) for key, value in sorted(values.items())}
    return {name: base64.b64encode(value.encode()).decode() for name, value in found.items()}


def _external(state: State) -> Any:
    """Where the operator finds each value. The Secret has the ExternalSecret's own name."""
    sets = [found for _, found in sorted(state.spec.external.items())]
    first = _store(sets[0][0])
    spec: dict[str, Any] = {
        "secretStoreRef": first,
        "target": {"creationPolicy": "Owner"},
        "data": [_entry(external, key, first) for external, keys in sets for key in keys],
    }
    if all(external.version is not None for external, _ in sets):
        # Of a version there is nothing new to be found.
        return spec | {"refreshPolicy": "CreatedOnce", "target": {"creationPolicy": "Owner", "immutable": True}}
    return spec | {"refreshInterval": f"{min(pods.whole(external.refresh) for external, _ in sets)}s"}


def _entry(external: External, key: str, first: dict[str, str]) -> dict[str, Any]:
    where = {"key": external.path, "property": key} | ({"version": external.version} if external.version else {})
    entry: dict[str, Any] = {"secretKey": pods.variable(key), "remoteRef": where}
    return entry if _store(external) == first else entry | {"sourceRef": {"storeRef": _store(external)}}


def _store(external: External) -> dict[str, str]:
    return {"name": external.store, "kind": external.kind}
