"""The pods of a slot: its specification as Kubernetes' JSON. All of it is here, and nothing of it knows how many there are."""

import posixpath
import re
from typing import Any, Final, NamedTuple

from components import labels
from tidegate.model import errand
from tidegate.model.base import Slot, seconds
from tidegate.model.intent.environment import TIERS, Resources
from tidegate.model.intent.service import Container, Probe
from tidegate.model.slots import SlotSpec

MAIN: Final = "app"
_CONFIG: Final = "config"
# What a container beside the main one gets that doesn't say how big it is.
_SMALL: Final = TIERS["local"].resources

Json = dict[str, Any]

security, locked = errand.security, errand.locked


class Place(NamedTuple):
    """Where a slot's pods are, and what they find there."""

    service: str
    slot: Slot
    account: str
    priority: str | None
    config: str | None
    """The ConfigMap with the files."""
    secrets: tuple[str, ...]
    """The Secrets that become variables."""


def template(spec: SlotSpec, place: Place) -> Json:
    """The template of a slot's pods."""
    mounts = _mounts(spec, place)
    match = {"matchLabels": labels.selector(place.service, place.slot)}
    pod: Json = {
        "serviceAccountName": place.account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": whole(spec.drain) + whole(spec.grace),
        "securityContext": security(spec.user),
        "topologySpreadConstraints": [
            # Pods of one revision are spread among themselves: those of the one before are about to go.
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": match,
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
        "initContainers": [
            # A sidecar is an init container that stays: it is there before all others, and ends after them.
            *(_beside(name, one, mounts["writable"], {"restartPolicy": "Always"}) for name, one in sorted(spec.sidecars.items())),
            *(_beside(name, one, mounts["writable"], {}) for name, one in sorted(spec.init.items())),
        ],
        "containers": [_main(spec, place, mounts["all"])],
        "volumes": mounts["volumes"],
    }
    if place.priority:
        pod["priorityClassName"] = place.priority
    if spec.pull_secret:
        pod["imagePullSecrets"] = [{"name": spec.pull_secret}]
    return {
        "metadata": {
            # Not the release: the same pods may serve in a later one, and needn't be started again for its name.
            "labels": {**spec.labels, **labels.selector(place.service, place.slot), labels.VERSION: labels.value(spec.version)},
            "annotations": {**_scraping(spec), "kubectl.kubernetes.io/default-container": MAIN, **spec.annotations},
        },
        "spec": _filled(pod),
    }


def sized(resources: Resources) -> Json:
    """How much a container asks for, and may take."""
    return resources.model_dump(mode="json")


def variables(env: dict[str, str]) -> list[Json]:
    """Variables as they were written: Kubernetes would take `$(NAME)` for a reference."""
    return [{"name": name, "value": text.replace("$", "$$")} for name, text in sorted(env.items())]


def variable(key: str) -> str:
    """The name of the variable that a secret's key becomes: `postgres-url` is POSTGRES_URL, JWT_SECRET stays what it is."""
    return key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) else re.sub(r"^(?=[0-9])", "_", re.sub(r"\W", "_", key).upper())


def files(config: dict[str, str]) -> dict[str, str]:
    """The files as a ConfigMap has them, by a key that their path gives them."""
    return {_key(path): text for path, text in config.items()}


def whole(duration: str) -> int:
    """The duration in seconds, where only whole ones are taken."""
    return max(1, round(seconds(duration)))


def _main(spec: SlotSpec, place: Place, mounts: list[Json]) -> Json:
    container: Json = {
        "name": MAIN,
        "image": spec.image,
        # A tag may move; a digest can't.
        "imagePullPolicy": "IfNotPresent" if spec.digest else "Always",
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in sorted(spec.ports.items())],
        "env": variables(spec.env),
        "envFrom": [{"secretRef": {"name": name}} for name in place.secrets],
        "resources": sized(spec.resources),
        "startupProbe": _probe(spec.probes.startup, spec.entry),
        "readinessProbe": _probe(spec.probes.ready, spec.entry),
        "livenessProbe": _probe(spec.probes.live, spec.entry),
        # A pod that is told to go still takes requests until every proxy has heard of it; only then does it hear of it itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": whole(spec.drain)}}},
        "securityContext": locked(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }
    return _filled(container | {"command": list(spec.command), "args": list(spec.args)})


def _beside(name: str, container: Container, mounts: list[Json], more: Json) -> Json:
    made: Json = {
        "name": name,
        "image": container.image,
        "env": variables(container.env),
        "resources": sized(container.resources or _SMALL),
        "securityContext": locked(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }
    return _filled(made | {"command": list(container.command), "args": list(container.args)} | more)


def _filled(made: Json) -> Json:
    """Without empty lists, which the API server doesn't keep."""
    return {key: part for key, part in made.items() if part != []}


def _probe(probe: Probe, first: str) -> Json:
    return {
        "httpGet": {"path": probe.path, "port": probe.port or first, "scheme": "HTTP"},
        "periodSeconds": whole(probe.period),
        "timeoutSeconds": whole(probe.timeout),
        "failureThreshold": probe.failures,
    }


def _mounts(spec: SlotSpec, place: Place) -> dict[str, list[Json]]:
    folders = {f"writable-{number}": path for number, path in enumerate(spec.writable)}
    writable = [{"name": name, "mountPath": path} for name, path in folders.items()]
    volumes: list[Json] = [{"name": name, "emptyDir": {"sizeLimit": spec.scratch}} for name in folders]
    mounted: list[Json] = []
    if place.config and spec.config:
        volumes.append({"name": _CONFIG, "configMap": {"name": place.config, "defaultMode": 0o444}})
        # Single files, so that what the image has beside them stays; they never change, so they needn't be followed.
        mounted = [{"name": _CONFIG, "mountPath": path, "subPath": _key(path), "readOnly": True} for path in sorted(spec.config)]
    return {"all": [*writable, *mounted], "writable": writable, "volumes": volumes}


def _key(path: str) -> str:
    # Dots and dashes may be in the names themselves, so two paths never get the same key by them alone.
    return posixpath.normpath(path).lstrip("/").replace("_", "__").replace("/", "_-")


def _scraping(spec: SlotSpec) -> dict[str, str]:
    if spec.metrics is None:
        return {}
    port = spec.ports[spec.metrics.port or spec.entry]
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": spec.metrics.path}
