"""The reference provider: things that are files, and faults on demand.

Faults, an operation each, from the input `fault` or the control file: `fail`, `hang`, `slow:SECONDS`, `die` (before anything is
done), `die-after` (when it is done), `partial` (it is done, but did not get ready).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import grpc
import pulumi
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.provider import CallResult, ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime import proto, rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

from reference import VERSION, Thing  # noqa: E402 - found through the line above
from store import Store  # noqa: E402 - the same

SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
DIRECTORY = "REFERENCE_DIRECTORY"
PREFIX = "resource "


class Components(Provider):
    """The remote component and its method."""

    def __init__(self) -> None:
        super().__init__(version=VERSION)

    def construct(self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None) -> ConstructResult:
        """A pair: two things under a component."""
        if resource_type != "reference:index:Pair":
            raise ValueError(f"no component of type {resource_type}")
        pair = pulumi.ComponentResource(resource_type, name, {}, options)
        child = pulumi.ResourceOptions(parent=pair)
        things = [Thing(f"{name}-{side}", value=inputs.get("value"), opts=child) for side in ("left", "right")]
        names = pulumi.Output.all(*(t.name for t in things))
        outputs = {"value": inputs.get("value"), "names": names, "token": pulumi.Output.secret(f"{name}-token")}
        pair.register_outputs(outputs)
        return ConstructResult(pair.urn, outputs)

    def call(self, token: str, args: Any) -> CallResult:
        """`Pair/describe`: a greeting."""
        if token != "reference:index:Pair/describe":
            raise ValueError(f"no method {token}")
        return CallResult({"text": pulumi.Output.format("{0}, {1}", args["greeting"], args["__self__"])})


class Servicer(ProviderServicer):
    """The provider's service. Components are the SDK's business, resources are ours."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(Components(), [], engine_address)
        self._store = Store(Path(os.environ.get(DIRECTORY, "things")))

    async def Handshake(self, request: Any, context: Any) -> Any:
        """What we take."""
        del request, context
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """A region called `nowhere` is refused."""
        del context
        failures = (
            [proto.CheckFailure(property="region", reason="there is no such region")] if _get(request.news, "region") == "nowhere" else []
        )
        return proto.CheckResponse(inputs=request.news, failures=failures)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another region is another provider."""
        del context
        changed = _get(request.olds, "region") != _get(request.news, "region")
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if changed else proto.DiffResponse.DIFF_NONE, replaces=["region"] if changed else []
        )

    async def Configure(self, request: Any, context: Any) -> Any:
        """Where things are kept."""
        del context
        if directory := _plain(request.args).get("directory"):
            self._store = Store(Path(directory))
        self._store.note("configure", "provider", region=_plain(request.args).get("region"))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True)

    async def Check(self, request: Any, context: Any) -> Any:
        """Names are given where there is none; the value `bad` is refused."""
        name = _name(request.urn)
        await self._behave("check", name, _plain(request.news), context)
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.news)
        if "name" not in inputs.fields:
            given = _get(request.olds, "name")
            inputs["name"] = given or f"{name}-{request.randomSeed.hex()[:7]}"
        failures = [proto.CheckFailure(property="value", reason="is bad")] if _get(request.news, "value") == "bad" else []
        return proto.CheckResponse(inputs=inputs, failures=failures)

    async def Diff(self, request: Any, context: Any) -> Any:
        """`name` and `kind` replace, `place` deletes before that, everything else updates."""
        await self._behave("diff", _name(request.urn), _plain(request.news), context)
        old, new = _plain(request.old_inputs), _plain(request.news)
        changed = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k) and k != "fault")
        replaces = [k for k in changed if k in {"name", "kind", "place"}]
        detailed = {k: proto.PropertyDiff(kind=_kind(k in old, k in new, k in replaces), inputDiff=True) for k in changed}
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if changed else proto.DiffResponse.DIFF_NONE,
            replaces=replaces,
            diffs=changed,
            deleteBeforeReplace="place" in changed,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:
        """Make a thing, under its name."""
        name, plain = _name(request.urn), _plain(request.properties)
        if request.preview:
            return proto.CreateResponse(properties=_outputs(request.properties, None))
        fault = await self._behave("create", name, plain, context)
        id_ = plain["name"]
        self._store.write(id_, _kept(plain))
        self._store.note("create", name, id=id_)
        state = _outputs(request.properties, len(str(plain.get("value", ""))))
        self._die(fault)
        if fault == "partial":
            await _init_failed(context, id_, state, request.properties)
        return proto.CreateResponse(id=id_, properties=state)

    async def Update(self, request: Any, context: Any) -> Any:
        """Change a thing."""
        name, plain = _name(request.urn), _plain(request.news)
        if request.preview:
            return proto.UpdateResponse(properties=_outputs(request.news, None))
        fault = await self._behave("update", name, plain, context)
        self._store.write(request.id, _kept(plain))
        self._store.note("update", name, id=request.id)
        state = _outputs(request.news, len(str(plain.get("value", ""))))
        self._die(fault)
        if fault == "partial":
            await _init_failed(context, request.id, state, request.news)
        return proto.UpdateResponse(properties=state)

    async def Delete(self, request: Any, context: Any) -> Any:
        """Delete a thing."""
        name = _name(request.urn)
        fault = await self._behave("delete", name, _plain(request.properties), context)
        self._store.delete(request.id)
        self._store.note("delete", name, id=request.id)
        self._die(fault)
        return empty_pb2.Empty()

    async def Read(self, request: Any, context: Any) -> Any:
        """What is kept now: whoever edits the file makes drift."""
        name = _name(request.urn)
        fault = await self._behave("read", name, _plain(request.inputs), context)
        kept = self._store.read(request.id)
        if kept is None:
            return proto.ReadResponse()
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.inputs)
        for key in ("name", "value", "kind", "place"):
            if key not in kept:
                inputs.fields.pop(key, None)
            elif _plain(inputs).get(key) != kept[key]:
                _set(inputs, key, kept[key])
        state = _outputs(inputs, len(str(kept.get("value", ""))))
        if fault == "partial":
            await _init_failed(context, request.id, state, inputs)
        return proto.ReadResponse(id=request.id, properties=state, inputs=inputs)

    async def Invoke(self, request: Any, context: Any) -> Any:
        """`lookup`: what is kept of a name."""
        arguments = _plain(request.args)
        if request.tok != "reference:index:lookup":
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no function {request.tok}")
        await self._behave("lookup", arguments["name"], {}, context)
        kept = self._store.read(arguments["name"])
        if kept is None:
            return proto.InvokeResponse(failures=[proto.CheckFailure(property="name", reason=f"nothing is called {arguments['name']}")])
        answer = struct_pb2.Struct()
        answer.update(kept)
        found: dict[str, Any] = {"return": answer}
        return proto.InvokeResponse(**found)

    async def _behave(self, operation: str, name: str, plain: dict[str, Any], context: Any) -> str:
        fault: str = self._store.fault(operation, name, plain.get("fault"))
        if fault == "hang":
            self._store.note(f"hanging-{operation}", name)
            await asyncio.Event().wait()
        if fault.startswith("slow:"):
            await asyncio.sleep(float(fault.removeprefix("slow:")))
        if fault == "fail":
            await context.abort(grpc.StatusCode.UNKNOWN, f"{PREFIX}{name} was asked to fail in {operation}")
        if fault == "die":
            self._death(operation, name)
        return fault

    def _die(self, fault: str) -> None:
        if fault == "die-after":
            self._death("the end", "it")

    def _death(self, operation: str, name: str) -> NoReturn:
        os.write(2, f"dying in {operation} of {name}\n".encode())
        os._exit(3)


def _kind(was: bool, is_: bool, replaces: bool) -> Any:
    kinds = proto.PropertyDiff
    if not was:
        return kinds.ADD_REPLACE if replaces else kinds.ADD
    if not is_:
        return kinds.DELETE_REPLACE if replaces else kinds.DELETE
    return kinds.UPDATE_REPLACE if replaces else kinds.UPDATE


def _outputs(inputs: Any, size: int | None) -> Any:
    """A thing's state: its inputs but `fault`, its size (unknown in a preview), and a secret token."""
    state = struct_pb2.Struct()
    state.CopyFrom(inputs)
    state.fields.pop("fault", None)
    _set(state, "size", rpc.UNKNOWN if size is None else size)
    name = _plain(inputs).get("name", "")
    _set(state, "token", SECRET | {"value": f"token-of-{name}"})
    return state


def _kept(plain: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in plain.items() if k != "fault"}


async def _init_failed(context: Any, id_: str, state: Any, inputs: Any) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=id_, properties=state, reasons=["it did not get ready", "it is partial"], inputs=inputs
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message="it did not get ready", details=[packed])
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode.UNKNOWN, status.message, trailing)
    raise AssertionError("unreachable")


def _plain(struct: Any) -> dict[str, Any]:
    """The struct without secrets' wrappings."""
    values: dict[str, Any] = {k: _unwrapped(v) for k, v in _loads(struct).items()}
    return values


def _loads(struct: Any) -> dict[str, Any]:
    from google.protobuf import json_format

    return json_format.MessageToDict(struct) if struct is not None else {}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return _unwrapped(value["value"])
        return {k: _unwrapped(v) for k, v in value.items()}
    return [_unwrapped(v) for v in value] if isinstance(value, list) else value


def _get(struct: Any, key: str) -> Any:
    return _plain(struct).get(key)


def _set(struct: Any, key: str, value: Any) -> None:
    struct.update({key: value})


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


async def serve(engine_address: str) -> None:
    """Serve until killed, and say the port."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(engine_address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    os.write(1, f"{port}\n".encode())
    await server.wait_for_termination()


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else ""))
    except KeyboardInterrupt:
        sys.exit(0)
