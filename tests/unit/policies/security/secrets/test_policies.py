"""Secrets in pods, ConfigMaps, annotations and labels are told where they are, and never what they are."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judging import Doubt, Violation, judge, of_manifest, of_resource
from policies.judging.fields import UNKNOWN, Hidden
from policies.security.secrets import POLICIES
from policies.security.secrets.annotation_secrets import annotation_secrets
from policies.security.secrets.config_map_secrets import config_map_secrets
from policies.security.secrets.plain_secrets import plain_secrets
from tests.unit.policies.security.secrets.made import KEY, KNOWN, LETTERS, encoded, random
from tests.unit.policies.wrapping import KINDS, pod, wrapped

GITHUB = KNOWN["github"][1]
BAD, GOOD = {"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "LOG_LEVEL", "value": "info"}
FROM = {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}


@pytest.mark.parametrize(
    ("container", "wrong"),
    [
        ({"env": [GOOD, FROM]}, []),
        ({"env": [GOOD, BAD]}, ["env[1].value"]),
        ({"env": [{"name": "X", "value": GITHUB}]}, ["env[0].value"]),
        ({"env": [{"name": "X", "value": f"first\nsecond={GITHUB}"}]}, ["env[0].value"]),
        ({"env": [{"name": "DB_PASSWORD"}, {"name": "DB_PASSWORD", "value": "$(OTHER)"}]}, []),
        ({"args": ["--level=info", "--password=hunter2"]}, ["args[1]"]),
        ({"command": ["sh", "-c", f"curl -H 'Authorization: Bearer {random(32)}' http://web"]}, ["command[2]"]),
        ({"command": ["server"], "args": ["--password-file=/run/secret"]}, []),
        ({}, []),
    ],
)
def test_containers(container: dict[str, Any], wrong: list[str]) -> None:
    """Variables and command lines, whatever makes the pod."""
    for kind in KINDS:
        found = judge(plain_secrets, of_manifest(wrapped(kind, pod(**container))))
        assert [one.at.path for one in found] == [f"{KINDS[kind][0]}spec.containers[0].{path}" for path in wrong]


def test_every_container() -> None:
    """Init containers and ephemeral ones too; what isn't known yet keeps nothing else from being judged."""
    unknown = {"name": "DB_PASSWORD", "value": UNKNOWN}
    parts = ("initContainers", "containers", "ephemeralContainers")
    spec = {part: [{"name": part, "env": [unknown, BAD]}] for part in parts}
    found = judge(plain_secrets, of_resource("kubernetes:core/v1:Pod", {"spec": spec}))
    assert [(type(one), one.at.path) for one in found] == [
        (kind, f"spec.{part}[0].env[{place}].value") for part in parts for place, kind in enumerate((Doubt, Violation))
    ]
    told = [one.reason for one in found if isinstance(one, Violation)]
    assert told[0] == "init container 'initContainers' has a secret, by its name as plain text in a variable"


def config(**more: Any) -> Any:
    """A ConfigMap `shop/web`."""
    return of_manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, **more})


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"data": {"level": "info", "app.properties": "password=${PASSWORD}\n"}}, []),
        ({"data": {"password": "hunter2"}}, ["data.password"]),
        ({"data": {"level": "info", "app.properties": "a=1\npassword=hunter2!\n"}}, ["data[app.properties]"]),
        ({"data": {"key.pem": KEY}}, ["data[key.pem]"]),
        ({"binaryData": {"key": encoded(KEY)}}, ["binaryData.key"]),
        ({"binaryData": {"picture": base64.b64encode(b"\x89PNG\xff\xfe").decode(), "broken": "a"}}, []),
        ({"data": None}, []),
    ],
)
def test_config_maps(more: dict[str, Any], wrong: list[str]) -> None:
    """Values and files, binary ones too."""
    assert [one.at.path for one in judge(config_map_secrets, config(**more))] == wrong


def test_lines_are_told() -> None:
    """Each line for itself."""
    found = judge(config_map_secrets, config(data={"app.properties": f"a=1\npassword=hunter2!\nb=2\ntoken={GITHUB}\n"}))
    assert [one.reason for one in found if isinstance(one, Violation)] == [
        "shop/ConfigMap/web has a secret, by its name, in line 2",
        "shop/ConfigMap/web has a GitHub token, in line 4",
    ]


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ({"annotations": {"checksum/config": "a" * 64, "secrets.example.com/name": "web"}, "labels": {"app": "web"}}, []),
        ({"annotations": {"nginx.ingress.kubernetes.io/auth-secret": "basic-auth"}}, []),
        ({"annotations": {"nginx.ingress.kubernetes.io/auth-secret": GITHUB}}, ["annotations[nginx.ingress.kubernetes.io/auth-secret]"]),
        ({"annotations": {"example.com/token": GITHUB}}, ["annotations[example.com/token]"]),
        ({"annotations": {"example.com/password": "hunter2"}}, ["annotations[example.com/password]"]),
        ({"labels": {"token": GITHUB}}, ["labels.token"]),
        # A label that is random is an id, by which something is found.
        ({"labels": {"applyset.kubernetes.io/part-of": f"applyset-{random(43)}-v1"}}, []),
        ({"annotations": {"note": random(43)}}, ["annotations.note"]),
    ],
)
def test_annotations(metadata: dict[str, Any], wrong: list[str]) -> None:
    """And labels, of the pods too."""
    for kind in KINDS:
        found = judge(annotation_secrets, of_manifest(wrapped(kind, pod(), **metadata)))
        assert [one.at.path for one in found] == [f"{KINDS[kind][0]}metadata.{path}" for path in wrong]


@pytest.mark.parametrize("kind", ["v1/Service", "v1/Secret", "example.com/v1/Thing"])
def test_annotations_of_anything(kind: str) -> None:
    """Those of Secrets as well: whoever may look at the object sees them."""
    version, _, kind = kind.rpartition("/")
    manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": "web", "annotations": {"token": GITHUB}}}
    assert [one.at.path for one in judge(annotation_secrets, of_manifest(manifest))] == ["metadata.annotations.token"]


def test_a_secrets_own_data_are_where_they_belong() -> None:
    """No policy looks at them."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "web"},
        "data": {"token": encoded(GITHUB)},
        "stringData": {"key": KEY},
    }
    assert [one for policy in POLICIES for one in judge(policy, of_manifest(secret))] == []


_SECRETS = st.one_of(
    st.sampled_from([secret for _, secret in KNOWN.values()]),
    st.text(LETTERS, min_size=24, max_size=64),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40),
)


@settings(max_examples=40, deadline=None)
@given(_SECRETS, st.sampled_from(["DB_PASSWORD", "token", "X"]), st.booleans())
def test_the_text_of_a_secret_is_never_told(secret: str, name: str, hidden: bool) -> None:
    """Wherever it is, whatever it looks like, and whether Pulumi knows that it is one: not in a reason, a fix or a path."""
    value: Any = Hidden(secret) if hidden else secret
    spec = {"containers": [{"name": "app", "image": "web", "env": [{"name": name, "value": value}], "args": [value, f"--{name}={secret}"]}]}
    metadata = {"name": "web", "annotations": {name: value}, "labels": {name: value}}
    data = {name: value, "file.conf": f"a: 1\n{name}: {secret}\n"}
    subjects = (
        of_resource("kubernetes:core/v1:Pod", {"metadata": metadata, "spec": spec}),
        of_resource("kubernetes:core/v1:ConfigMap", {"metadata": metadata, "data": data}),
    )
    for finding in (one for policy in POLICIES for subject in subjects for one in judge(policy, subject)):
        assert isinstance(finding, Violation)
        assert secret not in f"{finding.reason} {finding.fix} {finding.at.path}"
