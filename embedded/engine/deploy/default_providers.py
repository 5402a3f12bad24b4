"""Providers that the engine makes by itself: one a package and version, configured from the stack's `package:*` settings."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

from embedded.engine.deploy.goal import Goal
from embedded.engine.deploy.registry import plugin_inputs
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError, EngineError
from embedded.engine.model.values import Secret

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.model.ports import PackageRef
    from embedded.engine.model.values import Values

# Their plugin is the program's own language; they see the whole configuration.
DYNAMIC = frozenset({"pulumi-python", "pulumi-nodejs"})


class DefaultProviders:
    """References of default providers, each registered when it is first needed."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._known: dict[PackageRef, asyncio.Task[str]] = {}

    async def reference(self, package: PackageRef, asking: str) -> str:
        """The reference of the package's default provider. `asking` is the type or function that needs it."""
        name = package.parameter[0] if package.parameter else package.name
        if self._is_denied(name):
            msg = f"Default provider for '{name}' disabled. '{asking}' must use an explicit provider."
            raise EngineError(msg)
        if package not in self._known:
            self._known[package] = asyncio.create_task(self._register(package, name))
        return await asyncio.shield(self._known[package])

    async def _register(self, package: PackageRef, name: str) -> str:
        goal = Goal(urns.PROVIDER_PREFIX + name, default_name(package), custom=True, properties=plugin_inputs(package, self._config(name)))
        state = (await self._deployment.register(goal)).state
        return urns.provider_ref(state.urn, state.id)

    def _config(self, package: str) -> Values:
        run = self._deployment.run
        found: Values = {}
        for key, text in run.config.items():
            value = Secret(text) if key in run.secret_keys else text
            if package in DYNAMIC:
                found[key] = value
            elif key.startswith(f"{package}:"):
                found[key.removeprefix(f"{package}:")] = value
        return found

    def _is_denied(self, package: str) -> bool:
        text = self._deployment.run.config.get("pulumi:disable-default-providers", "")
        if package == "pulumi" or not text:
            return False
        try:
            denied = json.loads(text)
        except ValueError:
            denied = None
        if not isinstance(denied, list) or not all(isinstance(d, str) for d in denied):
            msg = f"pulumi:disable-default-providers must be a list of package names, not {text}"
            raise ConfigurationError(msg)
        return any(d.strip() in ("*", package) for d in denied)


def default_name(package: PackageRef) -> str:
    """`default`, with the version and the download server where they are given."""
    version = package.parameter[1] if package.parameter else package.version
    name = "default"
    if version:
        core, _, rest = version.removeprefix("v").partition("-")
        core, _, build = core.partition("+")
        pre, _, pre_build = rest.partition("+")
        parts = [*core.split("."), *(pre.split(".") if pre else ()), *((pre_build or build).split(".") if pre_build or build else ())]
        name += "_" + "_".join(parts)
    if package.url:
        name += "_" + package.url
    return re.sub(r"[^0-9A-Za-z_]", "_", name)
