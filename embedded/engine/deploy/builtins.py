"""The provider of package `pulumi`, which the engine serves itself: StackReference, Stash, and a few functions."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from embedded.engine.model import urn as urns
from embedded.engine.model.ports import Checked, CheckFailure, Created, Diff, Invoked, ProviderError, ReadResult
from embedded.engine.model.values import UNKNOWN, has_secret, same, unwrap_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.ports import Constructed, ConstructOptions, References, RunInfo
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values


class BuiltinProvider:
    """Implements ports.Provider."""

    supports_preview = True

    def __init__(self, references: References, find: Callable[[str], Resource | None]) -> None:
        self._references, self._find = references, find

    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked:
        """Any configuration will do."""
        del urn, olds, allow_unknowns
        return Checked(news)

    async def diff_config(self, urn: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """Let the engine compare."""
        del urn, old_inputs, old_outputs, news, ignore
        return Diff(changes=None)

    async def configure(self, urn: str, id_: str, inputs: Values) -> None:
        """Nothing to configure."""

    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked:
        """Each type takes exactly one property."""
        del olds, seed
        wanted = {urns.STACK_REFERENCE_TYPE: "name", urns.STASH_TYPE: "input"}.get(urns.type_of(urn))
        if wanted is None:
            raise ProviderError(_unknown_type(urn))
        for key in news:
            if key != wanted:
                return Checked(news, (CheckFailure(key, f'unknown property "{key}"'),))
        if wanted not in news:
            return Checked(news, (CheckFailure(wanted, f'missing required property "{wanted}"'),))
        if wanted == "name" and not isinstance(news["name"], str) and news["name"] is not UNKNOWN:
            return Checked(news, (CheckFailure("name", 'property "name" must be a string'),))
        return Checked(news)

    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """Another stack is another reference; another input updates a stash."""
        del id_, old_outputs, ignore
        if urns.type_of(urn) == urns.STACK_REFERENCE_TYPE:
            changed = not same(old_inputs.get("name"), news.get("name"))
            return Diff(changes=changed, replaces=("name",) if changed else ())
        changed = not same(old_inputs.get("input"), news.get("input"))
        return Diff(changes=changed, diffs=("input",) if changed else ())

    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created:
        """A stash keeps the input that it was created with."""
        del timeout
        id_ = "" if preview else str(uuid.uuid4())
        if urns.type_of(urn) == urns.STACK_REFERENCE_TYPE:
            return Created(id_, await self._stack_outputs(news["name"]))
        return Created(id_, {"input": news["input"], "output": news["input"]})

    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult:
        """A StackReference is read anew each time."""
        del timeout
        if urns.type_of(urn) == urns.STACK_REFERENCE_TYPE:
            if "name" not in outputs:
                msg = "stack reference can not be imported"
                raise ProviderError(msg)
            return ReadResult(id_, await self._stack_outputs(outputs["name"]), inputs)
        if not inputs:
            msg = "stash can not be imported"
            raise ProviderError(msg)
        return ReadResult(id_, outputs, inputs)

    async def update(
        self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, timeout: float, ignore: list[str], *, preview: bool
    ) -> Values:
        """A stash's output never changes."""
        del urn, id_, old_inputs, timeout, ignore, preview
        return {"input": news["input"], "output": old_outputs.get("output")}

    async def delete(self, urn: str, id_: str, inputs: Values, outputs: Values, timeout: float) -> None:
        """There is nothing but the state."""

    async def invoke(self, token: str, args: Values, *, preview: bool) -> Invoked:
        """The functions that SDKs call."""
        del preview
        if token == "pulumi:pulumi:getResource":  # noqa: S105 - a function token
            return Invoked(self._resource(str(args["urn"])))
        if token == "pulumi:pulumi:readStackOutputs":  # noqa: S105 - a function token
            return Invoked(await self._stack_outputs(_text(args, "name")))
        if token == "pulumi:pulumi:readStackResourceOutputs":  # noqa: S105 - a function token
            return Invoked(await self._stack_resources(_text(args, "stackName")))
        msg = f"unrecognized function name: '{token}'"
        raise ProviderError(msg)

    async def call(self, token: str, args: Values, arg_dependencies: dict[str, list[str]], run: RunInfo) -> Invoked:
        """There are no methods."""
        del token, args, arg_dependencies, run
        msg = "the builtin provider does not implement call"
        raise ProviderError(msg)

    async def construct(self, type_: str, name: str, inputs: Values, options: ConstructOptions, run: RunInfo) -> Constructed:
        """There are no remote components."""
        del type_, name, inputs, options, run
        msg = "builtin resources may not be constructed"
        raise ProviderError(msg)

    async def cancel(self) -> None:
        """Nothing runs."""

    async def close(self) -> None:
        """Nothing to close."""

    async def _stack_outputs(self, name: str) -> Values:
        outputs, secret = await self._references.outputs(name)
        names = sorted({*secret, *(k for k, v in outputs.items() if has_secret(v))})
        return {"name": name, "outputs": outputs, "secretOutputNames": names}

    async def _stack_resources(self, name: str) -> Values:
        resources = await self._references.resources(name)
        return {"name": name, "outputs": {r.urn: {"type": r.type, "outputs": r.outputs} for r in resources if not r.delete}}

    def _resource(self, urn: str) -> Values:
        state = self._find(urn)
        if state is None:
            msg = f"unknown resource {urn}"
            raise ProviderError(msg)
        return {"urn": urn, "id": state.id, "provider": state.provider, "state": state.outputs}


def _text(args: Values, key: str) -> str:
    value = unwrap_secrets(args.get(key))
    if not isinstance(value, str):
        msg = f"{key!r} must be the name of a stack, as text; it is {'missing' if value is None else 'a ' + type(value).__name__}"
        raise ProviderError(msg)
    return value


def _unknown_type(urn: str) -> str:
    return f"unrecognized resource type '{urns.type_of(urn)}'"
