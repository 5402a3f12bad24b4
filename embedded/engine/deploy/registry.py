"""Provider instances by reference, and the provider resources' own lifecycle: the registry is the provider of providers.

A provider resource is checked with its plugin loaded but unconfigured; the step that creates, updates or keeps it configures
that instance under the resource's id. A provider that an old resource needs, and that the program no longer registers, is loaded
from the old state when it is first asked for.
"""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import Checked, Created, Diff, PackageRef
from embedded.engine.model.values import UNKNOWN_STRING, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.deploy.builtins import BuiltinProvider
    from embedded.engine.model.ports import Provider, Providers, RunInfo
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values

INTERNAL: Final = "__internal"
VERSION: Final = "version"
DENIED: Final = "denydefaultprovider"


def package_of(type_: str, inputs: Values) -> PackageRef:
    """The package, version and parameter that a provider resource's inputs name."""
    internal: dict[str, Any] = inputs.get(INTERNAL) or {}
    package = urns.package_of(type_)
    version = str(inputs.get(VERSION) or "")
    url = str(internal.get("pluginDownloadURL") or "")
    if "parameterization" in internal:
        parameter = (package, version, base64.b64decode(internal["parameterization"]))
        return PackageRef(str(internal.get("name") or package), str(internal.get(VERSION) or ""), url, parameter)
    return PackageRef(package, version, url)


def plugin_inputs(package: PackageRef, config: Values) -> Values:
    """The inputs of a provider resource for a package: its configuration and, under an internal key, where it comes from."""
    inputs = dict(config)
    internal: dict[str, Any] = {}
    if package.version:
        inputs[VERSION] = package.version
        inputs[INTERNAL] = internal
    if package.url:
        internal["pluginDownloadURL"] = package.url
        inputs[INTERNAL] = internal
    if package.parameter:
        name, version, value = package.parameter
        internal |= {"name": package.name, VERSION: package.version, "parameterization": base64.b64encode(value).decode()}
        inputs |= {VERSION: version, INTERNAL: internal}
        del name
    return inputs


def configuration(inputs: Values) -> Values:
    """A provider resource's inputs without the engine's own key."""
    return {k: v for k, v in inputs.items() if k != INTERNAL}


class Registry:
    """All providers of one deployment."""

    def __init__(
        self, providers: Providers, builtin: BuiltinProvider, run: Callable[[], RunInfo], olds: Callable[[str], Resource | None]
    ) -> None:
        self._providers, self._builtin, self._run, self._olds = providers, builtin, run, olds
        self._instances: dict[str, Provider] = {}
        self._unconfigured: dict[str, Provider] = {}
        self._started: list[Provider] = []
        self._aliases: dict[str, str] = {}

    def alias(self, new_urn: str, old_urn: str) -> None:
        """A provider was renamed: references by the old URN reach it too."""
        self._aliases[new_urn] = old_urn

    def get(self, ref: str) -> Provider | None:
        """The configured provider behind a reference, if there is one."""
        return self._instances.get(ref)

    async def ensure(self, ref: str) -> Provider:
        """The provider behind a reference, loaded from the old state where the program has not registered it."""
        if (provider := self._instances.get(ref)) is not None:
            return provider
        urn, id_ = urns.split_provider_ref(ref)
        old = self._olds(urn)
        if old is None or old.id != id_:
            msg = f"unknown provider '{ref}'"
            raise EngineError(msg)
        await self.load(old)
        return self._instances[ref]

    async def load(self, state: Resource) -> None:
        """Start and configure the provider of an old state."""
        if urns.provider_ref(state.urn, state.id) in self._instances:
            return
        provider = await self._start(package_of(state.type, state.inputs))
        await provider.configure(state.urn, state.id, configuration(state.inputs))
        self._set(state.urn, state.id, provider)

    async def check(self, urn: str, olds: Values, news: Values) -> Checked:
        """Load the plugin and let it check the configuration; the instance waits for its id."""
        provider = await self._start(package_of(urns.type_of(urn), news))
        result = await provider.check_config(urn, configuration(olds), configuration(news), allow_unknowns=True)
        if result.failures:
            return result
        self._unconfigured[urn] = provider
        inputs = {k: v for k, v in result.inputs.items() if k != INTERNAL}
        for key in (VERSION, INTERNAL):
            if key in news:
                inputs.setdefault(key, news[key])
        if not same(inputs.get(VERSION), news.get(VERSION)) and VERSION in news:
            msg = f'provider "{urn}" attempted to change version from "{news[VERSION]}" to "{inputs[VERSION]}"'
            raise EngineError(msg)
        return Checked(inputs)

    async def diff(self, old: Resource, news: Values, ignore: list[str]) -> Diff:
        """Whether the new configuration needs a new provider; «unknown» is decided by comparing inputs."""
        provider = self._unconfigured.get(old.urn) or await self.ensure(urns.provider_ref(old.urn, old.id))
        config = configuration(news)
        result = await provider.diff_config(old.urn, configuration(old.inputs), old.outputs, config, ignore)
        if result.changes is None:
            return Diff(changes=not same(old.outputs, config), replaces=result.replaces)
        return result

    async def diff_config(self, new_ref: str, old: Resource, news: Values) -> Diff:
        """What a resource's change from one provider resource to another amounts to."""
        provider = self._instances[new_ref]
        urn = urns.split_provider_ref(new_ref)[0]
        return await provider.diff_config(urn, configuration(old.inputs), old.outputs, configuration(news), [])

    async def create(self, urn: str, inputs: Values, *, preview: bool) -> Created:
        """Configure the checked instance under a new id."""
        id_ = UNKNOWN_STRING if preview else str(uuid.uuid4())
        await self._configure(urn, id_, inputs)
        return Created(id_, configuration(inputs))

    async def update(self, urn: str, id_: str, inputs: Values) -> Values:
        """Configure the checked instance under the old id; what used the old one goes on with the new."""
        await self._configure(urn, id_, inputs)
        return configuration(inputs)

    async def same(self, state: Resource, inputs: Values) -> None:
        """Keep a provider: the checked instance is configured with the inputs that the state has."""
        if urns.provider_ref(state.urn, state.id) in self._instances:
            return
        await self._configure(state.urn, state.id, inputs)

    async def _configure(self, urn: str, id_: str, inputs: Values) -> None:
        provider = self._unconfigured.pop(urn, None) or await self._start(package_of(urns.type_of(urn), inputs))
        await provider.configure(urn, id_, configuration(inputs))
        self._set(urn, id_, provider)

    def _set(self, urn: str, id_: str, provider: Provider) -> None:
        self._instances[urns.provider_ref(urn, id_)] = provider
        if old := self._aliases.get(urn):
            self._instances[urns.provider_ref(old, id_)] = provider

    async def _start(self, package: PackageRef) -> Provider:
        if package.name == "pulumi":
            return self._builtin
        provider = await self._providers.start(package, self._run())
        self._started.append(provider)
        return provider

    async def cancel(self) -> None:
        """Ask every provider to give up what it is doing."""
        for provider in self._started:
            await provider.cancel()

    async def close(self) -> None:
        """End every provider that was started."""
        for provider in self._started:
            await provider.close()
        self._started.clear()
