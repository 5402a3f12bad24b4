"""Where the cluster is, who talks to it, and what a provider refuses to be."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.engine.model.ports import PackageRef, ProviderError
from embedded.engine.model.values import UNKNOWN, Secret
from embedded.providers import EMBEDDED
from embedded.providers.kubernetes import connection, kubeconfig, settings
from embedded.providers.kubernetes.connection import Bearer, Exec, TokenFile, connect
from embedded.providers.kubernetes.kubeconfig import Choice, KubeconfigError, Target
from tests.unit.providers.kubernetes.conftest import KUBECONFIG, PROVIDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.providers.kubernetes.conftest import Rig

TWO = """\
current-context: main
clusters: [{name: c, cluster: {server: https://one}}, {name: d, cluster: {server: https://two}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: main, context: {cluster: c, user: u, namespace: space}}, {name: other, context: {cluster: d}}]
"""


# Kubeconfigs


@pytest.mark.parametrize(
    ("choice", "server", "user", "namespace"),
    [
        (Choice(), "https://one", {"token": "t"}, "space"),
        (Choice(context="other"), "https://two", {}, "default"),
        (Choice(cluster="d"), "https://two", {"token": "t"}, "space"),
        (Choice(namespace="mine"), "https://one", {"token": "t"}, "mine"),
    ],
)
def test_what_is_chosen(choice: Choice, server: str, user: Any, namespace: str) -> None:
    """The context gives what the provider's settings don't."""
    assert kubeconfig.chosen(kubeconfig.load(TWO), choice) == Target({"server": server}, user, namespace)


@pytest.mark.parametrize(
    ("text", "choice", "says"),
    [
        (TWO, Choice(context="nope"), "no context named 'nope'; it has: main, other"),
        (TWO, Choice(cluster="nope"), "no cluster named 'nope'; it has: c, d"),
        ("clusters: []\ncontexts: []\n", Choice(), "no current context"),
        ("a: [\n", Choice(), r"no YAML \(line 2\)"),
        ("just text\nmore\n", Choice(), "should have clusters"),
        ("clusters: {a: b}\n", Choice(), "its clusters should be a list"),
        ("/no/such/file", Choice(), "there is no kubeconfig file /no/such/file"),
    ],
)
def test_a_kubeconfig_that_does_not_serve_says_why(text: str, choice: Choice, says: str) -> None:
    """What is wrong, and what there would be."""
    with pytest.raises(KubeconfigError, match=says):
        kubeconfig.chosen(kubeconfig.load(text), choice)


def test_a_broken_kubeconfig_is_not_quoted() -> None:
    """It may be a token that breaks it."""
    with pytest.raises(KubeconfigError) as raised:
        kubeconfig.load('{"users": [{"user": {"token": "hush" "x"}}]}')
    assert "hush" not in str(raised.value)


def test_files_are_merged_and_their_paths_are_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$KUBECONFIG may list files: the first to name something wins, and relative paths belong to the file that has them."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("clusters: [{name: c, cluster: {server: https://first, certificate-authority: ca.crt}}]\n")
    (tmp_path / "two").write_text(TWO)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a/one:{tmp_path}/missing:{tmp_path}/two")
    config = kubeconfig.ambient()
    assert config is not None
    target = kubeconfig.chosen(config, Choice())
    assert target.cluster == {"server": "https://first", "certificate-authority": str(tmp_path / "a" / "ca.crt")}
    assert target.user == {"token": "t"}


def test_inside_a_cluster_its_service_account_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no kubeconfig is, the pod's own token is used."""
    assert kubeconfig.in_cluster() is None
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("here\n")
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    target = kubeconfig.in_cluster()
    assert target is not None
    assert (target.cluster["server"], target.namespace) == ("https://[fd00::1]:443", "here")


# Credentials


def headers(auth: httpx.Auth, *codes: int) -> list[str]:
    """The Authorization headers that requests get while the server answers so."""
    answers, seen = list(codes), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(answers.pop(0))

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
            while answers:
                await client.get("https://api.test")

    asyncio.run(main())
    return seen


def test_a_tokens_file_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    """Tokens of service accounts are renewed in their file."""
    path = tmp_path / "token"
    path.write_text("one\n")
    auth = TokenFile(path)
    assert headers(auth, 200) == ["Bearer one"]
    path.write_text("two")
    assert headers(auth, 200, 401, 200) == ["Bearer one", "Bearer one", "Bearer two"]
    assert headers(Bearer("t"), 401, 200) == ["Bearer t", "Bearer t"]


COMMAND = """\
import json, os, pathlib, sys
runs = pathlib.Path(sys.argv[1])
number = len(runs.read_text()) if runs.exists() else 0
runs.write_text("x" * (number + 1))
assert json.loads(os.environ["KUBERNETES_EXEC_INFO"])["kind"] == "ExecCredential"
status = json.loads(sys.argv[2])
status["token"] = f"{status.get('token')}{number}{os.environ['MORE']}"
print(json.dumps({"status": status}))
"""


def command(tmp_path: Path, status: dict[str, Any]) -> dict[str, Any]:
    """An `exec` whose command counts its runs into the token."""
    args = ["-c", COMMAND, str(tmp_path / "runs"), json.dumps(status)]
    version = "client.authentication.k8s.io/v1"
    return {"apiVersion": version, "command": sys.executable, "args": args, "env": [{"name": "MORE", "value": "m"}]}


@pytest.mark.parametrize(
    ("status", "codes", "expected"),
    [
        ({"token": "t"}, (200, 200), ["t0m", "t0m"]),
        ({"token": "t"}, (401, 200, 200), ["t0m", "t1m", "t1m"]),
        ({"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}, (200, 200), ["t0m", "t1m"]),
        ({"token": "t", "expirationTimestamp": "2999-01-01T00:00:00Z"}, (200, 200), ["t0m", "t0m"]),
    ],
)
def test_a_command_gives_tokens(tmp_path: Path, status: dict[str, Any], codes: tuple[int, ...], expected: list[str]) -> None:
    """It is run once, and again when its token has ended or isn't taken."""
    assert headers(Exec(command(tmp_path, status), {}), *codes) == [f"Bearer {t}" for t in expected]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"command": "/no/such/command", "installHint": "install it"}, "can't run .*'/no/such/command': No such file.*\ninstall it"),
        ({"apiVersion": "v9"}, "API version 'v9', which is not known"),
        ({"args": ["-c", "print('{}')"]}, "gave no ExecCredential"),
        ({"args": ["-c", "import sys; sys.exit('no login')"]}, "ended with 1: no login"),
    ],
)
def test_a_command_that_gives_nothing_says_why(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    """What was run, and what it said."""
    with pytest.raises(KubeconfigError, match=says):
        asyncio.run(Exec({**command(tmp_path, {}), **change}, {}).status())


@pytest.mark.parametrize(
    ("user", "kind"),
    [({"token": "t"}, Bearer), ({"tokenFile": "/t"}, TokenFile), ({"username": "u", "password": "p"}, httpx.BasicAuth), ({}, type(None))],
)
def test_how_requests_are_signed(user: dict[str, Any], kind: type) -> None:
    """By what the kubeconfig's user has."""
    client = asyncio.run(connect(Target({"server": "https://api.test"}, user), "agent"))
    assert isinstance(client.auth, kind)
    assert client.headers["User-Agent"] == "agent"


@pytest.mark.parametrize(
    ("cluster", "user", "says"),
    [
        ({}, {}, "no server"),
        ({"server": "https://a"}, {"auth-provider": {"name": "gcp"}}, "auth-provider"),
        ({"server": "https://a", "certificate-authority-data": base64.b64encode(b"junk").decode()}, {}, "certificates can't be used"),
        ({"server": "https://a", "certificate-authority": "/no/file"}, {}, "certificates can't be used"),
        ({"server": "https://a"}, {"client-certificate-data": "anVuaw==", "client-key-data": "anVuaw=="}, "certificates can't be used"),
    ],
)
def test_a_connection_that_cannot_be(cluster: dict[str, Any], user: dict[str, Any], says: str) -> None:
    """It is said before anything is sent."""
    with pytest.raises(KubeconfigError, match=says):
        asyncio.run(connect(Target(cluster, user), "agent"))


@pytest.mark.parametrize(
    ("server", "used"), [("http://127.0.0.1:1", False), ("http://example.org", True), ("http://quiet.example.org", False)]
)
def test_this_machine_is_never_behind_a_proxy(monkeypatch: pytest.MonkeyPatch, server: str, *, used: bool) -> None:
    """Other servers are, as the environment says."""
    monkeypatch.setenv("http_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "quiet.example.org")
    assert (connection._proxy(server) is not None) is used


# Settings


@pytest.mark.parametrize(
    ("news", "name", "says"),
    [
        ({"renderYamlToDirectory": "out"}, "renderYamlToDirectory", "doesn't render YAML"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply", "server-side apply only"),
        ({"strictMode": "true"}, "", "prohibits the default provider"),
        ({"strictMode": "true", "kubeconfig": "x"}, "context", 'requires the provider\'s "context"'),
    ],
)
def test_what_is_not_done_is_refused_by_name(rig: Rig, news: dict[str, Any], name: str, says: str) -> None:
    """Before anything is done without it."""
    checked = asyncio.run(rig.provider.check_config(PROVIDER, {}, news, allow_unknowns=True))
    assert any(f.property == name and says in f.reason for f in checked.failures)


@pytest.mark.parametrize("news", [{}, {"kubeconfig": UNKNOWN, "enableServerSideApply": UNKNOWN}, {"enableServerSideApply": "true"}])
def test_what_is_done_passes(rig: Rig, news: dict[str, Any]) -> None:
    """Unknowns are taken as they are."""
    assert not asyncio.run(rig.provider.check_config(PROVIDER, {}, news, allow_unknowns=True)).failures


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"kubeconfig": TWO}, {"kubeconfig": TWO, "version": "2"}, None),
        ({"kubeconfig": TWO}, {"kubeconfig": TWO.replace("token: t", "token: u")}, ()),
        ({"kubeconfig": TWO}, {"kubeconfig": TWO.replace("https://one", "https://new")}, ("kubeconfig",)),
        ({"kubeconfig": TWO}, {"kubeconfig": TWO, "context": "other"}, ("context",)),
        ({"kubeconfig": TWO}, {"kubeconfig": UNKNOWN}, ("kubeconfig",)),
        ({"kubeconfig": Secret(TWO)}, {"kubeconfig": Secret(TWO), "namespace": "x"}, ()),
        ({"kubeconfig": TWO, "clusterIdentifier": "a"}, {"kubeconfig": TWO, "clusterIdentifier": "b"}, ("clusterIdentifier",)),
        ({"kubeconfig": TWO, "clusterIdentifier": "a"}, {"kubeconfig": TWO, "context": "other", "clusterIdentifier": "a"}, ()),
    ],
)
def test_another_cluster_replaces_everything(rig: Rig, old: dict[str, Any], new: dict[str, Any], replaces: tuple[str, ...] | None) -> None:
    """Another user or namespace of the same cluster doesn't. None: no change at all."""
    found = asyncio.run(rig.provider.diff_config(PROVIDER, old, {}, new, []))
    assert (found.replaces if found.changes else None) == replaces


def test_settings_come_from_config_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Config first; booleans arrive as text."""
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    found = settings.parsed({"enablePatchForce": "false", "enableSecretMutable": True, "kubeClientSettings": '{"timeout": 7}'})
    assert (found.delete_unreachable, found.patch_force, found.mutable.secrets, found.timeout) == (True, False, True, 7)
    with pytest.raises(ProviderError, match="kubeClientSettings"):
        settings.parsed({"kubeClientSettings": "x"})


def test_without_a_cluster_only_what_needs_one_fails(rig: Rig) -> None:
    """No kubeconfig at all: previews go on, creates say what to do."""
    news = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    urn = "urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::c"
    assert rig.run(rig.provider.check(urn, {}, news, b"x"), kubeconfig="").inputs == news
    assert rig.run(rig.provider.create(urn, news, 0, preview=True), kubeconfig="").outputs is news
    with pytest.raises(ProviderError, match=r"no Kubernetes cluster is configured: .*tidegate local up"):
        rig.run(rig.provider.create(urn, news, 0, preview=False), kubeconfig="")


def test_before_its_configuration_is_known_a_provider_knows_nothing(rig: Rig) -> None:
    """Creates and updates give nothing, which programs see as unknown; real ones can't be."""
    work = rig.provider.create("urn:a::b::c::d", {"a": 1}, 0, preview=True)
    assert rig.run(work, kubeconfig=UNKNOWN).outputs == {}
    assert not rig.provider.supports_preview
    with pytest.raises(ProviderError, match="not configured"):
        asyncio.run(rig.provider.create("urn:a::b::c::d", {"a": 1}, 0, preview=False))


# Functions, components, and the way in


def decode(rig: Rig, **args: Any) -> Any:
    """What a YAML text decodes to."""
    return rig.run(rig.provider.invoke("kubernetes:yaml:decode", args, preview=False)).value["result"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 2001-01-01", "2001-01-01"),
        ("a: 1:30", "1:30"),
        ("a: 0644", 420),
        ("a: 0x10", 16),
        ("a: 1_000", 1000),
        ("a: 1e3", 1000.0),
        ("a: yes", True),
        ("a: 'yes'", "yes"),
        ("a: {2: x, true: y}", {"2": "x", "true": "y"}),
        ("a: ~", None),
        ("a: 1.5", 1.5),
        ("a: 1.2.3", "1.2.3"),
    ],
)
def test_yaml_is_read_as_kubernetes_reads_it(rig: Rig, text: str, expected: Any) -> None:
    """No dates, no sexagesimal numbers, keys are strings."""
    (found,) = decode(rig, text=f"apiVersion: v1\nkind: X\n{text}\n")
    assert found["a"] == expected
    assert type(found["a"]) is type(expected)


def test_yaml_has_documents(rig: Rig) -> None:
    """Empty ones are left out; namespaced kinds get the default namespace; what was secret stays secret."""
    one, two = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n", "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n")
    text = f"---\n---\nx: 1\n---\n{one}---\n{two}"
    cfg, space = decode(rig, text=text, defaultNamespace="shop")
    assert cfg["metadata"] == {"name": "c", "namespace": "shop"}
    assert space["metadata"] == {"name": "n"}
    assert isinstance(decode(rig, text=Secret(text)), Secret)


@pytest.mark.parametrize(("text", "says"), [("a: [", "can't be read"), ("- a\n", "document 1 is no object"), (7, "should be a string")])
def test_yaml_that_is_none(rig: Rig, text: Any, says: str) -> None:
    """It is said where it breaks."""
    with pytest.raises(ProviderError, match=says):
        decode(rig, text=text)


@pytest.mark.parametrize("token", ["kubernetes:helm:template", "kubernetes:kustomize:directory", "kubernetes:nothing:here"])
def test_other_functions_are_refused(rig: Rig, token: str) -> None:
    """By name."""
    with pytest.raises(ProviderError, match=token):
        rig.run(rig.provider.invoke(token, {}, preview=False))


def test_components_and_methods_are_refused(rig: Rig) -> None:
    """By name, and with what to use instead."""
    with pytest.raises(ProviderError, match="use kubernetes:yaml:ConfigGroup"):
        rig.run(rig.provider.construct("kubernetes:yaml/v2:ConfigGroup", "x", {}, None, None))  # type: ignore[arg-type]
    with pytest.raises(ProviderError, match="no method 'kubernetes:x'"):
        rig.run(rig.provider.call("kubernetes:x", {}, {}, None))  # type: ignore[arg-type]


def test_a_package_made_of_definitions_is_refused(a_log: Callable[..., None]) -> None:
    """Such packages are generated by the plugin."""
    package = PackageRef("kubernetes", parameter=("crds", "1.0.0", b""))
    with pytest.raises(ProviderError, match="package 'crds'"):
        EMBEDDED["kubernetes"](package, None, a_log)  # type: ignore[arg-type]


@pytest.fixture
def a_log() -> Callable[..., None]:
    """Nobody listens."""
    return lambda *_, **__: None


def test_nothing_is_imported_before_it_is_needed() -> None:
    """A command that only lists the providers pays for none."""
    import subprocess

    code = "import sys, embedded.providers; print([m for m in ('httpx', 'lightkube', 'stamina', 'yaml', 'asyncio') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "[]"


def test_the_kubeconfig_of_these_tests_serves() -> None:
    """So that a failure elsewhere isn't its fault."""
    assert kubeconfig.chosen(kubeconfig.load(KUBECONFIG), Choice()).cluster == {"server": "https://api.test"}
