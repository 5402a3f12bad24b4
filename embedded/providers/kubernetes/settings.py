"""What a kubernetes provider is configured with: `kubernetes:*` config, a Provider resource's arguments, or the environment.

Pulumi hands booleans and objects over as text. What this provider doesn't do is refused by name when the configuration is checked, before
anything is done without it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import urn as urns
from embedded.engine.model.ports import Checked, CheckFailure, Diff, ProviderError
from embedded.engine.model.values import UNKNOWN, same, unwrap_secrets
from embedded.providers.kubernetes.connection import REQUEST_SECONDS
from embedded.providers.kubernetes.kubeconfig import Choice, KubeconfigError, active_cluster, load
from embedded.providers.kubernetes.replacing import Mutable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.model.values import Values

_NO_CONFIGURATION: Final = frozenset({"version", "pluginDownloadURL", "__internal"})
_CLUSTER: Final = ("kubeconfig", "context", "cluster")
_IDENTIFIER: Final = "clusterIdentifier"


@dataclass(frozen=True, slots=True)
class Settings:
    """A provider's configuration, taken apart."""

    kubeconfig: str = field(default="", repr=False)
    choice: Choice = field(default_factory=Choice)
    mutable: Mutable = field(default_factory=Mutable)
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    patch_force: bool = False
    upsert: bool = False
    quiet: bool = False
    timeout: float = REQUEST_SECONDS


def parsed(config: Values) -> Settings:
    """The configuration as settings; ProviderError names what can't be understood."""
    config = unwrap_secrets(config)

    def flag(name: str, variable: str) -> bool:
        return _truth(config.get(name, os.environ.get(f"PULUMI_K8S_{variable}")))

    return Settings(
        _text(config.get("kubeconfig")),
        Choice(*(_text(config.get(k)) for k in ("context", "cluster", "namespace"))),
        Mutable(flag("enableSecretMutable", "ENABLE_SECRET_MUTABLE"), flag("enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE")),
        flag("deleteUnreachable", "DELETE_UNREACHABLE"),
        flag("skipUpdateUnreachable", "SKIP_UPDATE_UNREACHABLE"),
        flag("enablePatchForce", "ENABLE_PATCH_FORCE"),
        flag("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
        flag("suppressDeprecationWarnings", "SUPPRESS_DEPRECATION_WARNINGS"),
        _timeout(config.get("kubeClientSettings")),
    )


def checked(urn: str, news: Values) -> Checked:
    """The configuration with what is wrong with it."""
    return Checked(news, tuple(CheckFailure(name, reason) for name, reason in _failures(urn, unwrap_secrets(news))))


def _failures(urn: str, news: Values) -> Iterator[tuple[str, str]]:
    if _truth(news.get("strictMode", os.environ.get("PULUMI_K8S_STRICT_MODE"))):
        if urns.name_of(urn).startswith("default"):
            yield "", "strict mode prohibits the default provider"
        for name in ("kubeconfig", "context"):
            if not news.get(name):
                yield name, f'strict mode requires the provider\'s "{name}" argument'
    if news.get("renderYamlToDirectory"):
        yield "renderYamlToDirectory", "the embedded kubernetes provider doesn't render YAML; use the kubernetes plugin for that"
    server_side = news.get("enableServerSideApply", os.environ.get("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY"))
    if server_side is not None and server_side is not UNKNOWN and not _truth(server_side):
        yield (
            "enableServerSideApply",
            "the embedded kubernetes provider has server-side apply only; use the kubernetes plugin for client-side apply",
        )


def difference(old: Values, new: Values) -> Diff:
    """Whether a changed configuration leads to another cluster: then everything in the old one is to be replaced."""
    old, new = ({k: v for k, v in unwrap_secrets(side).items() if k not in _NO_CONFIGURATION and v is not None} for side in (old, new))
    changed = [k for k in sorted({*old, *new}) if not same(old.get(k), new.get(k))]
    if not changed:
        return Diff(changes=False)
    replaces = [k for k in _CLUSTER if new.get(k) is UNKNOWN][:1]
    if not replaces:
        clusters = [_cluster(side) for side in (old, new)]
        if None not in clusters and clusters[0] != clusters[1]:
            replaces = [k for k in _CLUSTER if k in changed]
    if old.get(_IDENTIFIER) and new.get(_IDENTIFIER):
        # Who names the cluster says when it is another one.
        replaces = [_IDENTIFIER] if _IDENTIFIER in changed else []
    return Diff(changes=True, replaces=tuple(replaces), diffs=tuple(changed))


def _cluster(config: Values) -> Any:
    try:
        kubeconfig = load(text) if (text := _text(config.get("kubeconfig"))) else None
    except KubeconfigError as error:
        raise ProviderError(f"the provider's kubeconfig can't be used: {error}") from error
    return active_cluster(kubeconfig, Choice(_text(config.get("context")), _text(config.get("cluster"))))


def _truth(value: Any) -> bool:
    return value is True or value == "true"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return value if isinstance(value, str) else ""


def _timeout(value: Any) -> float:
    """The seconds that a request may take, of `kubeClientSettings`; its limits per second are the engine's --parallel here."""
    try:
        settings = json.loads(value) if isinstance(value, str) and value else value or {}
        seconds = settings.get("timeout") or os.environ.get("PULUMI_K8S_CLIENT_TIMEOUT")
        return float(seconds) if seconds else REQUEST_SECONDS
    except (ValueError, AttributeError) as error:
        raise ProviderError(f"kubeClientSettings should be an object with a number as its timeout: {error}") from error
