"""What is measured on a node: the program's stack, with two services of the example. Both versions of each are up, the old one is live.

`dashboard` is reached through weights, and released step by step. `agent-manager` is reached through a selector, and released at once;
a route that isn't the stack's leads the gateway's users to it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks.switch.switchers.kubernetes import client, told
from benchmarks.switch.switchers.route import ROUTES
from benchmarks.switch.switchers.up import ROOT, Stack, event, intent
from components.traffic import MANAGER
from examples.shop.images import REGISTRY, SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightkube import Client

OLD, NEW = "v1", "v2"
WEIGHTED, SELECTED = "dashboard", "agent-manager"
NAMES: Final = ("route", "selector", "driver-route", "driver-selector", "up-route", "up-selector")
"""What moves traffic."""
GATEWAY: Final = ("public", "gateways")
"""The node's own."""
SPACE: Final = "switch-bench"
HOSTS: Final = {WEIGHTED: f"{WEIGHTED}.shop.test", SELECTED: f"{SELECTED}.shop.test"}
_PROJECT: Final = ("Pulumi.yaml", "__main__.py")
_STACK: Final = "bench"
_STEPS: Final = [{"weight": 50}, {"weight": 100}]


def configuration(digests: Mapping[str, str], gateway: tuple[str, str] = GATEWAY) -> dict[str, Any]:
    """The stack's file, with the old versions; images are pinned by `digests`, as nothing can be pulled."""
    name, namespace = gateway
    # The services' own limits would be what is measured.
    amounts = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "2", "memory": "256Mi"}}
    ports = {service.name: service.port for service in SERVICES}
    # How often the driver looks. What it sees it is told: nothing here has metrics.
    judged = {"analysis": {"interval": "1s"}}
    strategies: dict[str, dict[str, Any]] = {
        WEIGHTED: {"traffic": {"kind": "gateway", "host": WEIGHTED}, "strategy": "canary", "steps": _STEPS, **judged},
        SELECTED: {"strategy": "blue-green", **judged},
    }
    return {
        "tidegate:environment": {
            "name": "bench",
            "tier": "local",
            "domain": "shop.test",
            "registry": REGISTRY,
            "namespace": SPACE,
            "team": "shop",
            "cost_centre": "4711",
            "gateway": {"name": name, "namespace": namespace},
        },
        "tidegate:services": {
            service: {
                "image": service,
                "version": OLD,
                "digest": digests[image(service, OLD)],
                "ports": {"http": ports[service]},
                "replicas": 2,
                "resources": amounts,
                "probes": {"startup": {"period": "1s"}, "ready": {"period": "2s"}},
                "drain": "2s",
                "grace": "1s",
                **settings,
            }
            for service, settings in strategies.items()
        },
        "tidegate:monitoring": {"kind": "none"},
    }


def image(service: str, version: str) -> str:
    """An image's name."""
    return f"{REGISTRY}/{service}:{version}"


@contextmanager
def stand(kubeconfig: Path, digests: Mapping[str, str], gateway: tuple[str, str], say: Callable[[str], None]) -> Iterator[Stack]:
    """The stack, from its first update to its end."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-switch-"))
    with _settings(folder):
        stack = Stack(str(folder / "project"), _STACK, str(kubeconfig))
        stack.folder.mkdir()
        for part in _PROJECT:
            shutil.copy(ROOT / part, stack.folder / part)
        api = client(str(kubeconfig))
        try:
            say("The stack's first update.")
            _begin(stack, configuration(digests, gateway))
            with told(f"a route to {SPACE}/{SELECTED}"):
                api.apply(ROUTES.from_dict(_route(gateway)), force=True)
            say("The new versions come up beside the old ones.")
            _both_up(stack, digests)
            yield stack
        finally:
            _end(stack, api, folder, say)


def _begin(stack: Stack, config: Mapping[str, Any]) -> None:
    stack.run("stack", "init")
    made = yaml.safe_load(stack.file.read_text()) or {}
    stack.file.write_text(yaml.safe_dump({**made, "config": {**made.get("config", {}), **config}}, sort_keys=False))
    stack.up(stack.settings()["config"])


def _both_up(stack: Stack, digests: Mapping[str, str]) -> None:
    """All traffic once over, so that the candidates are at full size, and back; as nothing was promoted, it is as if it had not been."""
    old = stack.settings()["config"]
    new = old
    for service in (WEIGHTED, SELECTED):
        new = intent(new, service, NEW, digests[image(service, NEW)])
    for config in (new, event(new, "shift", weight=100), old):
        stack.up(config)


def switchers(stack: Stack, digests: Mapping[str, str], kubeconfig: Path, gateway: str) -> dict[str, str]:
    """What moves its traffic, by the words of `--switcher`: by name."""
    common = f"old={OLD} new={NEW} kubeconfig={quote(str(kubeconfig))} url={gateway}/api/version"
    update = f"project={quote(str(stack.folder))} stack={stack.name} {common}"

    # As the stack applies them, so that its updates find nothing to argue with.
    applied = f"{common} manager={MANAGER}"

    def pinned(service: str) -> str:
        return (
            f"service={service} host={HOSTS[service]} old-digest={digests[image(service, OLD)]} new-digest={digests[image(service, NEW)]}"
        )

    slots = f"live={WEIGHTED}-blue candidate={WEIGHTED}-green"
    return {
        "route": f"route name=route route={SPACE}/{WEIGHTED} {slots} host={HOSTS[WEIGHTED]} {applied}",
        "selector": f"selector name=selector service={SPACE}/{SELECTED} label=tidegate.dev/slot live=blue candidate=green "
        f"host={HOSTS[SELECTED]} {applied}",
        "driver-route": f"driver name=driver-route {pinned(WEIGHTED)} {update}",
        "driver-selector": f"driver name=driver-selector {pinned(SELECTED)} {update}",
        "up-route": f"up name=up-route {pinned(WEIGHTED)} {update}",
        "up-selector": f"up name=up-selector {pinned(SELECTED)} {update}",
    }


def _end(stack: Stack, api: Client, folder: Path, say: Callable[[str], None]) -> None:
    """Whatever came of it, nothing is left of it."""
    say("The stack is destroyed.")
    try:
        if stack.file.exists():
            stack.run("destroy", "--yes", "--skip-preview")
    finally:
        api.close()
        shutil.rmtree(folder, ignore_errors=True)


def _route(gateway: tuple[str, str]) -> dict[str, Any]:
    """A way through the gateway to the Service whose selector flips."""
    name, namespace = gateway
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"{SELECTED}-users", "namespace": SPACE},
        "spec": {
            "parentRefs": [{"name": name, "namespace": namespace}],
            "hostnames": [HOSTS[SELECTED]],
            "rules": [{"backendRefs": [{"name": SELECTED, "port": 80}]}],
        },
    }


@contextmanager
def _settings(folder: Path) -> Iterator[None]:
    """The engine's own place, and nobody's stacks but this one."""
    mine = {
        "PULUMI_BACKEND_URL": f"file://{folder}/state",
        "PULUMI_HOME": f"{folder}/home",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "TIDEGATE_ENGINE": "embedded",
    }
    (folder / "state").mkdir()
    before = {name: value for name, value in os.environ.items() if name.startswith("PULUMI_") or name in mine}
    for name in before:
        del os.environ[name]
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            del os.environ[name]
        os.environ.update(before)
