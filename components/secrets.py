"""The sets of secrets that are not part of a slot: the databases' passwords, monitoring's, the registry's credentials.

A set is a Secret of the same name. Its values are this stack's, encrypted in the state, or the External Secrets Operator brings them from
a store outside; then the update waits until they are there, so that nothing starts on half a set.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import base64
import json
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from tidegate.model.base import seconds
from tidegate.model.intent.data import Managed
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.secrets import SecretSet

Obj = dict[str, Any]

# Docker Hub's credentials are kept under the address that it had first.
_DOCKER_HUB: Final = "https://index.docker.io/v1/"
_CREDENTIALS: Final = ("username", "password")


class ExternalEntryArgs(TypedDict):
    """Where the External Secrets Operator finds a set's values."""

    store: str
    """The store's name."""
    kind: str
    """SecretStore or ClusterSecretStore."""
    path: str
    """The entry in the store; the keys are its properties."""
    version: NotRequired[str]
    """The entry's version; the newest if not given."""
    refresh: str
    """How often the values are looked up again, like `3600s`."""


class SecretSetArgs(TypedDict):
    """A set of secrets: either values or where they are."""

    keys: list[str]
    """What is asked for of a store outside."""
    values: NotRequired[dict[str, pulumi.Input[str]]]
    """The values by key; they are secret from here on, whether they were before or not."""
    external: NotRequired[ExternalEntryArgs]
    registry: NotRequired[str]
    """The registry that the set's `username` and `password` are for: the Secret gets the form that pods pull images with."""


class SecretsArgs(TypedDict):
    """What the sets are made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    sets: dict[str, SecretSetArgs]


class Secrets(pulumi.ComponentResource):
    """A Secret for each set."""

    names: dict[str, pulumi.Output[str]]
    """The Secrets' names, by set; who uses one waits for it."""

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Secrets", name, None, opts)
        opts = pulumi.ResourceOptions(parent=self)
        self.names = {
            key: declare(f"{name}-{key}", key, one, args["namespace"], args["labels"], opts)[1] for key, one in args["sets"].items()
        }
        self.register_outputs({"names": self.names})


def arguments(intent: Intent, namespace: pulumi.Input[str]) -> SecretsArgs:
    """The sets that data services, monitoring, notifications and incidents use."""
    used = [data.secret for data in intent.data.values() if not isinstance(data, Managed)]
    used += [intent.monitoring.secret] if intent.monitoring.secret is not None else []
    used += [notification.secret for notification in intent.notifications.values()]
    used += [incident.secret for incident in intent.incidents.values()]
    sets = {name: set_args(intent.secrets[name]) for name in dict.fromkeys(used)}
    return {"namespace": namespace, "labels": intent.environment.labels, "sets": sets}


def set_args(found: SecretSet) -> SecretSetArgs:
    """A set of the intent."""
    if found.external is None:
        return {"keys": sorted(found.values), "values": dict(found.values)}
    external: ExternalEntryArgs = {
        "store": found.external.store,
        "kind": found.external.kind,
        "path": found.external.path,
        # The operator reads Go's durations, which know no days.
        "refresh": f"{max(1, round(seconds(found.external.refresh)))}s",
    }
    if found.external.version is not None:
        external["version"] = found.external.version
    return {"keys": list(found.required), "external": external}


def registry_args(found: SecretSet, registry: str) -> SecretSetArgs:
    """A set of the intent, as credentials for the registry that images come from."""
    return {**set_args(found), "registry": host_of(registry)}


def declare(
    name: str, called: str, args: SecretSetArgs, namespace: pulumi.Input[str], labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, pulumi.Output[str]]:
    """Declare the resource that makes a set a Secret, which is there once the values are; and the Secret's name."""
    made: Any
    metadata: Any = {"name": called, "namespace": namespace, "labels": labels}
    registry = args.get("registry")
    if (external := args.get("external")) is not None:
        waiting = {"annotations": {"pulumi.com/waitFor": "condition=Ready"}}
        spec = external_spec(called, args["keys"], external, registry)
        made = CustomResource(name, "external-secrets.io/v1", "ExternalSecret", metadata={**metadata, **waiting}, spec=spec, opts=opts)
        return made, made.metadata["name"]
    values: pulumi.Output[dict[str, str]] = pulumi.Output.secret(args.get("values", {}))  # type: ignore[arg-type] # Outputs are resolved in it
    made = Secret(
        name,
        metadata=metadata,
        type="kubernetes.io/dockerconfigjson" if registry else "Opaque",
        # Not string_data: a key that is taken out of that stays in the Secret.
        data=values.apply(lambda known: encoded({".dockerconfigjson": docker_config(registry, known)} if registry else known)),
        opts=opts,
    )
    return made, made.metadata["name"]


def external_spec(name: str, keys: list[str], external: ExternalEntryArgs, registry: str | None = None) -> Obj:
    """What the External Secrets Operator is to make: the Secret `name`, with these keys."""
    version = {"version": external["version"]} if "version" in external else {}
    target: Obj = {"name": name, "creationPolicy": "Owner"}
    if registry:
        # The operator fills it in, so the credentials never pass through here.
        data = {".dockerconfigjson": docker_template(registry)}
        target["template"] = {"engineVersion": "v2", "type": "kubernetes.io/dockerconfigjson", "data": data}
    return {
        "refreshInterval": external["refresh"],
        "secretStoreRef": {"name": external["store"], "kind": external["kind"]},
        "target": target,
        "data": [{"secretKey": key, "remoteRef": {"key": external["path"], "property": key, **version}} for key in keys],
    }


def docker_config(registry: str, values: Mapping[str, str]) -> str:
    """Credentials for a registry, as the kubelet reads them."""
    username, password = (values[key] for key in _CREDENTIALS)
    entry = {"username": username, "password": password, "auth": base64.b64encode(f"{username}:{password}".encode()).decode()}
    return json.dumps({"auths": {registry: entry}}, separators=(",", ":"))


def docker_template(registry: str) -> str:
    """The same, to be filled in by the External Secrets Operator."""
    fields = '"username":{{ .username | toJson }},"password":{{ .password | toJson }}'
    both = '"auth":"{{ printf "%s:%s" .username .password | b64enc }}"'
    return f'{{"auths":{{{json.dumps(registry)}:{{{fields},{both}}}}}}}'


def host_of(registry: str) -> str:
    """The name under which the credentials of a registry, or of a folder in it, are kept."""
    first, _, _ = registry.partition("/")
    named = "." in first or ":" in first or first == "localhost"
    return first if named and first not in {"docker.io", "index.docker.io"} else _DOCKER_HUB


def encoded(values: Mapping[str, str]) -> dict[str, str]:
    """Values as a Secret's `data` has them."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
