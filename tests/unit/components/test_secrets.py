"""Sets of secrets as Secrets, and as what an operator makes Secrets from."""

from __future__ import annotations

import base64
import json
import re

import pytest

from components.secrets import arguments, docker_config, docker_template, encoded, external_spec, host_of, registry_args, set_args
from tests.unit.components.examples import example
from tidegate.model.intent.secrets import External, SecretSet

AWKWARD = 'p"\\a{{s}}s\nword é'


@pytest.mark.parametrize(
    ("registry", "host"),
    [
        ("ghcr.io/codingbutter/team-dashboard", "ghcr.io"),
        ("registry.example:5000/shop", "registry.example:5000"),
        ("localhost:5000", "localhost:5000"),
        ("localhost/shop", "localhost"),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
        ("docker.io/shop", "https://index.docker.io/v1/"),
        ("shop", "https://index.docker.io/v1/"),
        ("shop/web", "https://index.docker.io/v1/"),
    ],
)
def test_where_credentials_are_kept(registry: str, host: str) -> None:
    """By the registry's host; Docker Hub's by the address that all tools know it by."""
    assert host_of(registry) == host


def test_credentials_are_written_as_the_kubelet_reads_them() -> None:
    """User and password, and both together for tools that know no better; whatever is in them."""
    written = json.loads(docker_config("ghcr.io", {"username": "ci", "password": AWKWARD}))
    both = base64.b64encode(f"ci:{AWKWARD}".encode()).decode()
    assert written == {"auths": {"ghcr.io": {"username": "ci", "password": AWKWARD, "auth": both}}}


def test_the_operator_writes_the_same() -> None:
    """Its template, filled in as it fills it in, gives the very text."""
    values = {"username": "ci", "password": AWKWARD}
    text = docker_template("ghcr.io")
    text = re.sub(r"\{\{ \.(\w+) \| toJson \}\}", lambda found: json.dumps(values[found[1]]), text)
    text = text.replace('{{ printf "%s:%s" .username .password | b64enc }}', base64.b64encode(f"ci:{AWKWARD}".encode()).decode())
    assert text == docker_config("ghcr.io", values)


def test_an_external_set_names_each_key() -> None:
    """So that a key that isn't in the store fails the set, and with it the update, before any pod wants it."""
    found = SecretSet(required=("a", "b"), external=External(store="vault", path="shop/db", version="7", refresh="1d"))
    external = set_args(found)["external"]
    assert external_spec("db", ["a", "b"], external) == {
        "refreshInterval": "86400s",
        "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"},
        "target": {"name": "db", "creationPolicy": "Owner"},
        "data": [{"secretKey": key, "remoteRef": {"key": "shop/db", "property": key, "version": "7"}} for key in ("a", "b")],
    }


def test_an_external_set_without_a_version_is_the_newest() -> None:
    """No version is asked for, and an external registry's credentials get their form by a template."""
    found = SecretSet(required=("username", "password"), external=External(store="vault", path="shop/registry"))
    args = registry_args(found, "ghcr.io/shop")
    spec = external_spec("registry", args["keys"], args["external"], args["registry"])
    assert [set(one["remoteRef"]) for one in spec["data"]] == [{"key", "property"}] * 2
    assert spec["target"]["template"] == {
        "engineVersion": "v2",
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": docker_template("ghcr.io")},
    }


@pytest.mark.parametrize(
    ("stack", "sets"),
    [
        ("local", {"database-secrets", "monitoring-secrets", "postgres-secrets"}),
        ("production", {"database-secrets", "notifications", "postgres-secrets"}),
    ],
)
def test_which_sets_are_no_slot_s(stack: str, sets: set[str]) -> None:
    """Those of data services, monitoring and notifications; once, whoever uses them. Services' own go with their slots."""
    assert set(arguments(example(stack), "here")["sets"]) == sets


def test_values_are_written_as_data() -> None:
    """Whatever is in them."""
    assert encoded({"a": AWKWARD}) == {"a": base64.b64encode(AWKWARD.encode()).decode()}
