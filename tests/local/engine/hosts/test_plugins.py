"""Provider plugins: found, started, spoken to, and gone when they should be."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.hosts import dynamic, servicers
from embedded.engine.hosts.plugins import PluginProviders
from embedded.engine.model.errors import EngineError, NotSupportedError
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.ports import CheckFailure, ConstructOptions, PackageRef, PartialFailureError, ProviderError
from embedded.engine.model.state import Timeouts
from embedded.engine.model.values import UNKNOWN, Asset, Secret, same
from tests.local.engine.hosts.support import Heard, run, run_info, world, write
from tests.local.engine.hosts.test_programs import alive
from tests.reference_provider.install import HERE, install
from tests.reference_provider.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import Checked, Provider

THING = "urn:pulumi:dev::shop::reference:index:Thing::cup"
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:reference::default_1_0_0"
REFERENCE = PackageRef("reference", "1.0.0")
SEED = bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What the reference provider keeps."""
    return Store(tmp_path / "things")


@pytest.fixture
def providers(server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginProviders:
    """Providers of a project, with the reference provider installed."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    install(tmp_path / "home")
    return PluginProviders(server, tmp_path / "home", tmp_path, log=Heard())


def with_provider(
    providers: PluginProviders, work: Callable[[Provider], Awaitable[Any]], config: dict[str, Any] | None = None, **changes: Any
) -> Any:
    """Run something with a configured reference provider."""

    async def body() -> Any:
        provider = await providers.start(REFERENCE, run_info(providers.root, engine_address="127.0.0.1:1", **changes))
        try:
            await provider.configure(PROVIDER, "id", {"directory": str(providers.root / "things"), "version": "1.0.0"} | (config or {}))
            return await work(provider)
        finally:
            await provider.close()

    return run(body())


def test_a_resource_through_its_life(providers: PluginProviders, store: Store) -> None:
    """Check, create, diff, update, read, drift, delete: values, secrets and what really exists."""

    async def life(provider: Provider) -> None:
        assert provider.supports_preview
        checked = await provider.check(THING, {}, {"value": Secret("tea")}, SEED)
        assert same(checked.inputs, {"name": "cup-0000000", "value": Secret("tea")})
        planned = await provider.create(THING, checked.inputs, 0, preview=True)
        assert planned.outputs["size"] is UNKNOWN
        assert store.things() == {}
        made = await provider.create(THING, checked.inputs, 30, preview=False)
        assert made.id == "cup-0000000"
        assert same(made.outputs, {**checked.inputs, "size": 3, "token": Secret("token-of-cup-0000000")})
        assert store.things() == {"cup-0000000": {"name": "cup-0000000", "value": "tea"}}
        news = checked.inputs | {"value": 5}
        diff = await provider.diff(THING, made.id, checked.inputs, made.outputs, news, [])
        assert (diff.changes, diff.replaces, diff.diffs) == (True, (), ("value",))
        assert diff.detailed == {"value": PropertyDiff("update", input_diff=True)}
        outputs = await provider.update(THING, made.id, checked.inputs, made.outputs, news, 0, [], preview=False)
        assert outputs["size"] == 3
        store.write(made.id, {"name": made.id, "value": "spilt"})
        read = await provider.read(THING, made.id, news, outputs, 0)
        assert read.inputs is not None
        assert (read.id, read.inputs["value"], read.outputs["size"]) == (made.id, "spilt", 5)
        await provider.delete(THING, made.id, news, outputs, 0)
        await provider.delete(THING, made.id, news, outputs, 0)
        assert (await provider.read(THING, made.id, news, outputs, 0)).id == ""

    with_provider(providers, life)
    assert [o["operation"] for o in store.operations()] == ["configure", "create", "update", "delete", "delete"]


@pytest.mark.parametrize(
    ("key", "replaces", "before", "kind"),
    [("kind", ("kind",), False, "add-replace"), ("place", ("place",), True, "add-replace"), ("value", (), False, "add")],
)
def test_replacement_keys(providers: PluginProviders, key: str, replaces: tuple[str, ...], before: bool, kind: str) -> None:
    """Which changes replace, and which delete first."""

    async def compared(provider: Provider) -> None:
        diff = await provider.diff(THING, "id", {"name": "n"}, {"name": "n"}, {"name": "n", key: "new"}, [])
        assert (diff.replaces, diff.delete_before_replace) == (replaces, before)
        assert diff.detailed is not None
        assert diff.detailed[key].kind == kind

    with_provider(providers, compared)


def test_checks_that_fail(providers: PluginProviders) -> None:
    """Failures name the property and the reason."""

    async def refused(provider: Provider) -> Checked:
        return await provider.check(THING, {}, {"value": "bad"}, SEED)

    assert with_provider(providers, refused).failures == (CheckFailure("value", "is bad"),)

    async def nowhere(provider: Provider) -> Checked:
        return await provider.check_config(PROVIDER, {}, {"region": "nowhere", "token": Secret("t")}, allow_unknowns=True)

    checked = with_provider(providers, nowhere)
    assert checked.failures == (CheckFailure("region", "there is no such region"),)
    assert same(checked.inputs["token"], Secret("t"))


def test_a_provider_s_own_changes(providers: PluginProviders) -> None:
    """Another region replaces the provider."""

    async def moved(provider: Provider) -> Any:
        return await provider.diff_config(PROVIDER, {"region": "a"}, {"region": "a"}, {"region": "b"}, [])

    diff = with_provider(providers, moved)
    assert (diff.changes, diff.replaces) == (True, ("region",))


def test_a_failure_is_told_in_the_provider_s_words(providers: PluginProviders, store: Store) -> None:
    """Nothing of gRPC is in the text."""
    store.ask({"cup": {"create": "fail"}})

    async def made(provider: Provider) -> None:
        await provider.create(THING, {"name": "n"}, 0, preview=False)

    with pytest.raises(ProviderError, match=r"^resource cup was asked to fail in create$"):
        with_provider(providers, made)


def test_a_resource_that_did_not_get_ready(providers: PluginProviders, store: Store) -> None:
    """It exists: its id, state and reasons come with the failure."""
    store.ask({"cup": {"create": "partial"}})

    async def made(provider: Provider) -> None:
        await provider.create(THING, {"name": "n", "value": Secret("s")}, 0, preview=False)

    with pytest.raises(PartialFailureError) as failure:
        with_provider(providers, made)
    assert failure.value.id == "n"
    assert failure.value.reasons == ["it did not get ready", "it is partial"]
    assert same(failure.value.outputs, {"name": "n", "value": Secret("s"), "size": 1, "token": Secret("token-of-n")})
    assert failure.value.inputs is not None


@pytest.mark.parametrize("fault", ["die", "die-after"])
def test_a_plugin_that_dies(providers: PluginProviders, store: Store, fault: str) -> None:
    """The error names the plugin, its exit code and its last words; so does the next call's."""
    store.ask({"cup": {"create": fault}})

    async def made(provider: Provider) -> None:
        for _ in range(2):
            with pytest.raises(ProviderError) as failure:
                await provider.create(THING, {"name": "n"}, 0, preview=False)
            assert "the plugin of package 'reference' has ended in the middle of its work: it exited with code 3" in str(failure.value)
            assert "it said last:\ndying in" in str(failure.value)

    with_provider(providers, made)
    assert list(store.things()) == (["n"] if fault == "die-after" else [])


def test_a_hanging_plugin_is_ended(providers: PluginProviders, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing does not wait for what hangs."""
    monkeypatch.setattr("embedded.engine.hosts.plugin_process.CLOSE_SECONDS", 1.0)
    store.ask({"*": {"create": "hang"}})

    async def made(provider: Provider) -> None:
        creating = asyncio.create_task(provider.create(THING, {"name": "n"}, 0, preview=False))
        while not any(o["operation"] == "hanging-create" for o in store.operations()):  # noqa: ASYNC110 - another process says it
            await asyncio.sleep(0.01)
        await provider.cancel()
        creating.cancel()

    with_provider(providers, made)


def test_unknown_configuration(providers: PluginProviders, store: Store) -> None:
    """In a preview: nothing is asked of the plugin, creates and updates give nothing, diffs say «changed», with a warning."""
    heard = Heard()
    providers.log = heard

    async def previewed(provider: Provider) -> None:
        assert not provider.supports_preview
        assert (await provider.check(THING, {}, {"value": 1}, SEED)).inputs == {"value": 1}
        assert (await provider.create(THING, {"value": 1}, 0, preview=True)).outputs == {}
        assert await provider.update(THING, "i", {}, {}, {"value": 1}, 0, [], preview=True) == {}
        assert (await provider.diff(THING, "i", {}, {}, {}, [])).changes is True
        assert (await provider.invoke("reference:index:lookup", {"name": "n"}, preview=True)).value == {}
        with pytest.raises(ProviderError, match="not configured"):
            await provider.create(THING, {"value": 1}, 0, preview=False)

    with_provider(providers, previewed, {"region": UNKNOWN}, dry_run=True)
    assert store.operations() == []
    assert "inputs that are not known during preview" in heard.of("warning")


def test_functions(providers: PluginProviders, store: Store) -> None:
    """Values, failures and errors."""
    store.write("n", {"name": "n", "value": [1, {"a": True}]})

    async def called(provider: Provider) -> None:
        found = await provider.invoke("reference:index:lookup", {"name": "n"}, preview=False)
        assert found.value == {"name": "n", "value": [1, {"a": True}]}
        missing = await provider.invoke("reference:index:lookup", {"name": "x"}, preview=False)
        assert missing.failures == (CheckFailure("name", "nothing is called x"),)
        with pytest.raises(ProviderError, match="no function reference:index:other"):
            await provider.invoke("reference:index:other", {}, preview=False)

    with_provider(providers, called)


def test_a_remote_component(providers: PluginProviders, tmp_path: Path) -> None:
    """It registers itself and its children with the run's monitor."""
    options = ConstructOptions(
        parent="", aliases=(), dependencies=(), property_dependencies={"value": []}, providers={}, protect=None, deleted_with="",
        replace_with=(), delete_before_replace=None, retain_on_delete=None, ignore_changes=(), replace_on_changes=(),
        additional_secret_outputs=(), custom_timeouts=Timeouts(create=90),
    )  # fmt: skip

    async def body() -> None:
        async with world(tmp_path) as made:
            provider = await providers.start(REFERENCE, made.run)
            await provider.configure(PROVIDER, "id", {})
            built = await provider.construct("reference:index:Pair", "pair", {"value": "v"}, options, made.run)
            described = await provider.call("reference:index:Pair/describe", {"__self__": built.urn, "greeting": "hi"}, {}, made.run)
            await provider.close()
        assert made.names == ["pair", "pair-left", "pair-right"]
        assert built.urn.endswith("reference:index:Pair::pair")
        assert same(built.outputs["token"], Secret("pair-token"))
        assert described.value["text"] == f"hi, {built.urn}"

    run(body())


def test_a_servicer_of_this_process(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same provider as an object: the same values, failures and partial failures, and no process."""
    monkeypatch.syspath_prepend(str(HERE))
    from tests.reference_provider.provider import Servicer

    providers = PluginProviders(None, tmp_path, tmp_path, in_process={"reference": servicers.factory(Servicer)}, log=Heard())

    async def life(provider: Provider) -> None:
        checked = await provider.check(THING, {}, {"value": Secret("tea")}, SEED)
        made = await provider.create(THING, checked.inputs, 0, preview=False)
        assert same(made.outputs, {**checked.inputs, "size": 3, "token": Secret(f"token-of-{made.id}")})
        store.ask({"*": {"create": "partial", "delete": "fail"}})
        with pytest.raises(PartialFailureError) as failure:
            await provider.create(THING, checked.inputs, 0, preview=False)
        assert failure.value.id == made.id
        with pytest.raises(ProviderError, match=r"^resource cup was asked to fail in delete$"):
            await provider.delete(THING, made.id, checked.inputs, made.outputs, 0)

    with_provider(providers, life)
    with pytest.raises(EngineError, match="without a fork server"):
        run(providers.start(PackageRef("pulumi-python"), run_info(tmp_path)))


def test_no_such_plugin(providers: PluginProviders) -> None:
    """The package, the version and what to do are named."""

    async def started(package: PackageRef) -> None:
        await providers.start(package, run_info(providers.root))

    text = "no resource plugin 'pulumi-resource-cloud' found in the workspace at version v2.0.0 or on your $PATH, "
    with pytest.raises(
        EngineError, match=r"^" + text.replace("$", r"\$") + "install the plugin using `pulumi plugin install resource cloud v2.0.0`$"
    ):
        run(started(PackageRef("cloud", "2.0.0")))
    with pytest.raises(EngineError, match=r"reference' found in the workspace at version v1.0.1"):
        run(started(PackageRef("reference", "1.0.1")))


def test_where_plugins_are_found(providers: PluginProviders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi.yaml's path first, then PATH, then the newest of the installed ones; of a version that isn't there, none."""

    def folder(version: str = "") -> Path | None:
        found = providers._command(PackageRef("reference", version))
        return found and found[1]

    installed = tmp_path / "home/plugins/resource-reference-v1.0.0"
    newer = tmp_path / "home/plugins/resource-reference-v1.10.0"
    shutil.copytree(installed, newer)
    shutil.copytree(installed, tmp_path / "home/plugins/resource-reference-v1.9.0")
    assert folder() == newer
    assert folder("v1.9.0") == tmp_path / "home/plugins/resource-reference-v1.9.0"
    assert folder("v2.0.0") is None
    monkeypatch.setenv("PATH", f"{installed}{os.pathsep}{os.environ['PATH']}")
    assert folder() == installed
    providers.paths = {"reference": newer}
    assert folder() == newer


def test_a_plugin_of_python_source(providers: PluginProviders, tmp_path: Path) -> None:
    """A folder with a PulumiPlugin.yaml is run by Python; another runtime is refused by name."""
    folder = write(tmp_path / "source", {"PulumiPlugin.yaml": "runtime: python\n", "__main__.py": ""})
    (folder / "__main__.py").write_text(f"import runpy\nrunpy.run_path({str(HERE / 'provider.py')!r}, run_name='__main__')\n")
    providers.paths = {"reference": folder}

    async def called(provider: Provider) -> Any:
        return await provider.check(THING, {}, {"name": "n"}, SEED)

    assert with_provider(providers, called).inputs == {"name": "n"}
    (folder / "PulumiPlugin.yaml").write_text("runtime: {name: nodejs}\n")
    with pytest.raises(NotSupportedError, match="plugins with runtime 'nodejs'"):
        with_provider(providers, called)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo oops >&2; exit 4", "it ended with exit code 4 before it said its port; it said last:\noops"),
        ("echo noise; echo 0; echo 99999; exit 0", "it ended with exit code 0 before it said its port"),
    ],
)
def test_a_plugin_that_does_not_start(providers: PluginProviders, tmp_path: Path, script: str, said: str) -> None:
    """The error says how it ended and what it said."""
    path = tmp_path / "pulumi-resource-reference"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    providers.paths = {"reference": path}

    async def never(provider: Provider) -> None:
        raise AssertionError(provider)

    with pytest.raises(EngineError) as failure:
        with_provider(providers, never)
    assert said in str(failure.value)


def test_attaching_to_a_running_plugin(providers: PluginProviders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PULUMI_DEBUG_PROVIDERS names its port; it is not ours to end."""

    async def body() -> None:
        script = tmp_path / "home/plugins/resource-reference-v1.0.0/pulumi-resource-reference"
        plugin = await asyncio.create_subprocess_exec(str(script), "", stdout=asyncio.subprocess.PIPE)
        assert plugin.stdout is not None
        try:
            port = (await plugin.stdout.readline()).decode().strip()
            monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"other:1,reference:{port}")
            provider = await providers.start(REFERENCE, run_info(tmp_path, engine_address="127.0.0.1:1"))
            assert (await provider.check_config(PROVIDER, {}, {"a": "b"}, allow_unknowns=False)).inputs == {"a": "b"}
            await provider.close()
            assert plugin.returncode is None
        finally:
            plugin.kill()
            await plugin.wait()
            plugin._transport.close()  # type: ignore[attr-defined] # asyncio closes it only when the loop goes on

    run(body())


DYNAMIC = """
from pulumi.dynamic import *
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc

class Maker(ResourceProvider):
    def configure(self, request):
        self.size = request.config.get("size")
    def check(self, olds, news):
        return CheckResult(news, [CheckFailure("value", "is bad")] if news.get("value") == "bad" else [])
    def create(self, props):
        if props.get("value") == "boom":
            raise ValueError("no such value")
        return CreateResult("made", {"value": props["value"], "size": self.size, "text": getattr(props.get("asset"), "text", None)})
    def diff(self, id_, olds, news):
        return DiffResult(changes=olds["value"] != news["value"], replaces=["value"], delete_before_replace=True)
    def read(self, id_, props):
        return ReadResult(id_, {"value": "read"})
    def delete(self, id_, props):
        raise ValueError("cannot delete")

print(serialize_provider(Maker()))
"""


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A serialized dynamic provider."""
    import subprocess

    script = tmp_path_factory.mktemp("maker") / "maker.py"
    script.write_text(DYNAMIC)
    return subprocess.run([sys.executable, script], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("kind", ["forked", "other interpreter", "in process"])
def test_dynamic_providers(kind: str, maker: str, server: ForkServer, tmp_path: Path) -> None:
    """The same in their own process as in ours: values, secrets (which they don't take), failures, assets."""
    heard, options = Heard(), {}
    if kind == "other interpreter":
        (tmp_path / "venv/bin").mkdir(parents=True)
        (tmp_path / "venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tmp_path / "venv/bin/python").chmod(0o755)
        options = {"virtualenv": "venv"}
    factories = {"pulumi-python": dynamic.in_process} if kind == "in process" else {}
    providers = PluginProviders(server, tmp_path, tmp_path, options=options, in_process=factories, log=heard)
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic:Resource::r"

    async def body() -> None:
        provider = await providers.start(PackageRef("pulumi-python"), run_info(tmp_path, engine_address="127.0.0.1:1"))
        try:
            assert (await provider.check_config(urn, {}, {"a": "b"}, allow_unknowns=True)).inputs == {"a": "b"}
            assert (await provider.diff_config(urn, {}, {}, {}, [])).changes is None
            await provider.configure("urn:pulumi:dev::shop::pulumi:providers:pulumi-python::default", "id", {"shop:size": "7"})
            assert not provider.supports_preview
            inputs = {"__provider": maker, "value": Secret("v"), "asset": Asset("hash", text="hello")}
            assert same((await provider.check(urn, {}, inputs, SEED)).inputs, inputs | {"asset": Asset(text="hello")})
            assert (await provider.check(urn, {}, {"__provider": maker, "value": "bad"}, SEED)).failures
            assert (await provider.create(urn, inputs, 0, preview=True)).outputs == inputs
            made = await provider.create(urn, inputs, 0, preview=False)
            assert made.id == "made"
            assert same(made.outputs, {"__provider": maker, "value": Secret("v"), "size": "7", "text": "hello"})
            diff = await provider.diff(urn, "made", inputs, made.outputs, inputs | {"value": "w"}, [])
            assert (diff.changes, diff.replaces, diff.delete_before_replace, diff.detailed) == (True, ("value",), True, None)
            read = await provider.read(urn, "made", None, made.outputs, 0)
            assert same(read.outputs, {"__provider": maker, "value": Secret("read")})
            assert read.inputs is None
            with pytest.raises(ProviderError, match="ValueError: no such value"):
                await provider.create(urn, inputs | {"value": "boom"}, 0, preview=False)
            with pytest.raises(ProviderError, match="ValueError: cannot delete"):
                await provider.delete(urn, "made", inputs, made.outputs, 0)
            with pytest.raises(ProviderError):
                await provider.invoke("pulumi-python:x:y", {}, preview=False)
        finally:
            await provider.close()

    run(body())
    assert str(tmp_path) not in sys.path


def test_everything_ends_with_the_engine(tmp_path: Path) -> None:
    """An engine that is killed leaves no plugin and no program behind, not even those that they started."""
    import subprocess

    install(tmp_path / "home")
    write(
        tmp_path,
        {
            "__main__.py": """
            import os, signal, subprocess, time
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            print("pids", os.getpid(), subprocess.Popen(["sleep", "600"]).pid, flush=True)
            time.sleep(600)
            """,
            "engine.py": f"""
            import asyncio, sys
            from pathlib import Path
            from embedded.engine.hosts.forkserver import ForkServer
            server = ForkServer.start()
            from embedded.engine.hosts.plugins import PluginProviders
            from embedded.engine.hosts.programs import ForkedProgram
            from embedded.engine.model.ports import PackageRef
            from tests.local.engine.hosts.support import world
            def log(severity, message, **_):
                if message.startswith("pids"):
                    print(message, end="", flush=True)
            async def main():
                folder = Path({str(tmp_path)!r})
                async with world(folder) as made:
                    provider = await PluginProviders(server, folder / "home", folder, log=log).start(PackageRef("reference"), made.run)
                    print("pids", provider._connection._plugin._child.pid, server._pid, flush=True)
                    await ForkedProgram(folder, ".", server).run(made.run, log)
            asyncio.run(main())
            """,
        },
    )
    root = Path(__file__).resolve().parents[4]
    env = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{HERE}"}
    with subprocess.Popen([sys.executable, tmp_path / "engine.py"], stdout=subprocess.PIPE, text=True, env=env) as engine:
        assert engine.stdout is not None
        pids = [int(pid) for _ in range(2) for pid in engine.stdout.readline().split()[1:]]
        assert len(pids) == 4
        assert all(alive(pid) for pid in pids)
        engine.kill()
        # The pipe ends when the last process that holds it has: our engine's fork server.
        engine.stdout.read()
    deadline = asyncio.run(_gone(pids))
    assert deadline


async def _gone(pids: list[int]) -> bool:
    for _ in range(500):
        if not any(alive(pid) for pid in pids):
            return True
        await asyncio.sleep(0.01)
    return False
