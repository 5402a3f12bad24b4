"""The components as a package: an engine starts it, asks for its schema, and programs of any language get their components from it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.package import COMPONENTS, NAME
from embedded.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "components"
SECONDS = 60


@contextmanager
def plugin(cwd: Path) -> Iterator[Any]:
    """The plugin as an engine starts it: by its folder, from another one, with the engine's address."""
    command = (sys.executable, "-u", str(FOLDER), "127.0.0.1:1")
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the plugin says that it has."""
    with plugin(tmp_path_factory.mktemp("elsewhere")) as stub:
        answer = stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=SECONDS, wait_for_ready=True)
    found: dict[str, Any] = json.loads(answer.schema)
    return found


def test_every_component_is_in_the_schema(schema: dict[str, Any]) -> None:
    """By its name, as a component, and with what it says of itself."""
    assert schema["name"] == NAME
    assert set(schema["resources"]) == {f"{NAME}:index:{component.__name__}" for component in COMPONENTS}
    for name, resource in schema["resources"].items():
        assert resource["isComponent"], name
        assert resource["description"], name


def test_no_component_is_forgotten() -> None:
    """Each that is in the folder is in the package."""
    found = {
        line.split("(")[0].removeprefix("class ")
        for path in FOLDER.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith("class ") and "(pulumi.ComponentResource)" in line
    }
    assert found == {component.__name__ for component in COMPONENTS}


def test_arguments_have_types(schema: dict[str, Any]) -> None:
    """Whoever leaves out what is needed, or writes a number as a text, is told by their own tools."""
    postgresql = schema["resources"][f"{NAME}:index:Postgresql"]
    assert {"namespace", "image", "storage", "secret", "resources"} <= set(postgresql["requiredInputs"])
    assert "storageClass" not in postgresql["requiredInputs"]
    properties = postgresql["inputProperties"]
    assert properties["connections"]["type"] == "integer"
    assert properties["archive"]["$ref"] == f"#/types/{NAME}:index:ArchiveArgs"
    assert properties["secret"]["description"].startswith("The Secret with")


PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import Namespace


class Secrets(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("tidegate:index:Secrets", name, {**props, "names": None}, remote=True)


class Redis(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("tidegate:index:Redis", name, {**props, "host": None}, remote=True)


space = Namespace("space", metadata={"name": "shop"}).metadata["name"]
labels = {"team": "shop"}
password = pulumi.Output.secret("made up")
sets = {"passwords": {"keys": ["redis-password"], "values": {"redis-password": password}}}
secrets = Secrets("secrets", {"namespace": space, "labels": labels, "sets": sets})
size = {"cpu": "100m", "memory": "128Mi"}
store = Redis("cache", {
    "namespace": space,
    "labels": labels,
    "image": "docker.io/library/redis:8.2",
    "version": "8.2",
    "exporter": "docker.io/oliver006/redis_exporter:v1.77.0",
    "storage": "1Gi",
    "fsync": "everysec",
    "secret": secrets.names["passwords"],
    "resources": {"requests": size, "limits": size},
})
pulumi.export("host", store.host)
"""


def test_another_program_gets_a_component_from_it(tmp_path: Path) -> None:
    """As one in YAML or TypeScript does: the engine starts the package, and what it makes is that program's, under its component."""
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "backend").mkdir()
    plugins = {"providers": [{"name": NAME, "path": str(FOLDER)}]}
    (project / "Pulumi.yaml").write_text(json.dumps({"name": "shop", "runtime": "python", "plugins": plugins}))
    (project / "__main__.py").write_text(PROGRAM)
    with Cluster(rate=20) as cluster:
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{tmp_path}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "password",
            "KUBECONFIG": str(cluster.kubeconfig_file(tmp_path / "kubeconfig")),
        }

        def run(*words: str) -> str:
            command = (sys.executable, "-m", "embedded.engine.command", *words)
            done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        run("stack", "init", "dev")
        run("up", "--yes", "--skip-preview")
        exported = run("stack", "export")
        assert "made up" not in exported
        assert base64.b64encode(b"made up").decode() not in exported
        state = json.loads(exported)["deployment"]["resources"]
        parents = {one["type"]: one["parent"].rpartition("::")[2] for one in state if "$kubernetes:" in one["urn"]}
        assert parents["kubernetes:core/v1:Secret"] == "secrets"
        assert parents["kubernetes:apps/v1:StatefulSet"] == "cache"
        assert state[0]["outputs"] == {"host": "cache"}
