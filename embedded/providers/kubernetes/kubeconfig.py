"""Kubeconfig files: found, merged and narrowed to the one cluster, user and namespace that are meant, as kubectl does it.

`$KUBECONFIG` may list several files; the first to name a cluster, user or context wins. Paths inside a file are relative to it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    Obj = dict[str, Any]

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_FILES: Final = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
    "contexts": ("context", ()),
}


class KubeconfigError(UnreachableError):
    """No way to an API server: the kubeconfig isn't one, doesn't have what was asked for, or gives no credentials."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a provider's settings choose from a kubeconfig."""

    context: str = ""
    cluster: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One cluster, who talks to it, and the namespace for objects that name none."""

    cluster: Obj
    user: Obj = field(default_factory=dict, repr=False)
    namespace: str = "default"


def load(text_or_path: str) -> Obj:
    """The kubeconfig that a setting holds: the path of a file, or the file's content."""
    if "\n" not in text_or_path and not text_or_path.lstrip().startswith("{"):
        path = Path(text_or_path).expanduser()
        if path.is_file():
            return _read(path)
        if ":" not in text_or_path:
            raise KubeconfigError(f"there is no kubeconfig file {text_or_path}")
    return _parsed(text_or_path, "the kubeconfig")


def ambient() -> Obj | None:
    """The kubeconfig of the environment: $KUBECONFIG, else ~/.kube/config. None if there is none."""
    listed = [Path(p) for p in os.environ.get("KUBECONFIG", "").split(os.pathsep) if p]
    return merged(_read(p) for p in listed or [Path("~/.kube/config").expanduser()] if p.is_file())


def in_cluster() -> Target | None:
    """The cluster that this process runs in, if it runs in one."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        return None
    namespace = SERVICE_ACCOUNT / "namespace"
    return Target(
        {
            "server": f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt"),
        },
        {"tokenFile": str(SERVICE_ACCOUNT / "token")},
        namespace.read_text().strip() if namespace.is_file() else "default",
    )


def merged(configs: Iterable[Obj]) -> Obj | None:
    """Several kubeconfigs as one: of what has the same name, the first counts."""
    result: Obj | None = None
    for config in configs:
        if result is None:
            result = {**config}
            continue
        for part in _FILES:
            names = {e["name"] for e in result.get(part) or []}
            result[part] = (result.get(part) or []) + [e for e in config.get(part) or [] if e["name"] not in names]
        result["current-context"] = result.get("current-context") or config.get("current-context")
    return result


def chosen(config: Obj, choice: Choice) -> Target:
    """The cluster, user and namespace of the chosen context, else of the current one."""
    name = choice.context or config.get("current-context") or ""
    context: Obj = {}
    if name:
        context = _named(config, "contexts", name)
    elif not choice.cluster:
        raise KubeconfigError(
            "the kubeconfig has no current context; set one with `kubectl config use-context`, or the provider's `context`"
        )
    cluster = choice.cluster or context.get("cluster") or ""
    user = context.get("user")
    return Target(
        _named(config, "clusters", cluster),
        _named(config, "users", user) if user else {},
        choice.namespace or context.get("namespace") or "default",
    )


def active_cluster(config: Obj | None, choice: Choice) -> Obj | None:
    """The cluster that the choice leads to; None where it leads nowhere."""
    try:
        return chosen(config, choice).cluster if config else None
    except KubeconfigError:
        return None


def _named(config: Obj, part: str, name: str) -> Obj:
    kind = _FILES[part][0]
    for entry in config.get(part) or []:
        if entry["name"] == name:
            return entry.get(kind) or {}
    names = ", ".join(sorted(e["name"] for e in config.get(part) or [])) or "none"
    raise KubeconfigError(f"the kubeconfig has no {kind} named '{name}'; it has: {names}")


def _read(path: Path) -> Obj:
    try:
        config = _parsed(path.read_text(), str(path))
    except OSError as error:
        raise KubeconfigError(f"can't read the kubeconfig {path}: {error.strerror}") from error
    for part, (kind, fields) in _FILES.items():
        for entry in config.get(part) or []:
            inner = entry.get(kind) or {}
            inner.update({f: str(path.parent / inner[f]) for f in fields if inner.get(f)})
    return config


def _parsed(text: str, where: str) -> Obj:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        config = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the fast one where there is one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # The parser's own message quotes the text, which may be a token.
        raise KubeconfigError(f"{where} is no YAML" + (f" (line {mark.line + 1})" if mark else "")) from None
    if not isinstance(config, dict):
        raise KubeconfigError(f"{where} is no kubeconfig: it should have clusters, contexts and users")
    for part in _FILES:
        entries = config.get(part) or []
        if not isinstance(entries, list) or not all(isinstance(e, dict) and isinstance(e.get("name"), str) for e in entries):
            raise KubeconfigError(f"{where} is no kubeconfig: its {part} should be a list of named entries")
    return config
