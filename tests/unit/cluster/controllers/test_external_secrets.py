"""ExternalSecrets: which Secrets they make, from what, and what becomes of those that can't be made."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.controllers.secret_templates import rendered
from tests.unit.cluster.controllers.yard import Yard, template, words

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj

READY = ("True", "SecretSynced", "secret synced")
FAILED = ("False", "SecretSyncedError", "could not get secret data from provider")
STORE = {"name": "vault", "kind": "ClusterSecretStore"}


def item(name: str = "password", version: str = "1", key: str = "shop/production") -> Obj:
    """One entry of `data`."""
    return {"secretKey": name.upper(), "remoteRef": {"key": key, "property": name, "version": version}}


def ask(yard: Yard, *data: Obj, name: str = "shop", **spec: Any) -> None:
    """An ExternalSecret."""
    yard.make("ExternalSecret", name, {"secretStoreRef": STORE, "data": list(data or (item(),)), **spec})


def held(yard: Yard, name: str = "shop") -> dict[str, str]:
    """What a Secret holds."""
    found = yard.get("Secret", name)
    assert found is not None, f"no Secret {name}"
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


def made(*data: Obj, seed: int = 0, **spec: Any) -> dict[str, str]:
    """What comes of an ExternalSecret in a new cluster."""
    yard = Yard(seed)
    ask(yard, *data, **spec)
    yard.wait(1)
    return held(yard)


def test_a_secret_is_made_and_goes_with_its_external_secret() -> None:
    """It belongs to it, has a value for each key, and the status says that all is well."""
    yard = Yard()
    ask(yard, item("user"), item("password"), target={"name": "made", "immutable": True})
    assert words(yard.get("ExternalSecret", "shop"), "Ready")[0] == ""
    yard.wait(1)
    secret, external = yard.get("Secret", "made"), yard.get("ExternalSecret", "shop")
    assert secret is not None
    assert external is not None
    assert (secret["type"], secret["immutable"], sorted(secret["data"])) == ("Opaque", True, ["PASSWORD", "USER"])
    (owner,) = secret["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("ExternalSecret", external["metadata"]["uid"], True)
    assert words(external, "Ready") == READY
    assert external["status"]["binding"] == {"name": "made"}
    assert external["status"]["refreshTime"]
    assert external["status"]["syncedResourceVersion"].startswith("1-")
    assert yard.reasons("shop") == ["Created"]
    yard.delete("ExternalSecret", "shop")
    yard.wait(1)
    assert yard.get("Secret", "made") is None


def test_values_hang_on_the_seed_the_store_the_entry_and_the_version() -> None:
    """The same question has the same answer in every run, and another question another one."""
    first = made()["PASSWORD"]
    assert made()["PASSWORD"] == first
    assert len(first) == 32
    others = [
        made(seed=1),
        made(item(version="2")),
        made(item(key="shop/staging")),
        made(secretStoreRef={**STORE, "name": "other"}),
        made(secretStoreRef={**STORE, "kind": "SecretStore"}),
    ]
    assert len({first, *(o["PASSWORD"] for o in others)}) == 6


def test_another_version_gives_another_value() -> None:
    """In the same Secret, unless it is immutable: then it stays as it was made."""
    yard = Yard()
    ask(yard)
    ask(yard, name="fixed", target={"immutable": True})
    yard.wait(1)
    before = held(yard), held(yard, "fixed")
    for name in ("shop", "fixed"):
        yard.edit("ExternalSecret", name, lambda e: e["spec"].update(data=[item(version="2")]))
    yard.wait(1)
    assert held(yard) != before[0]
    assert held(yard, "fixed") == before[1]
    assert words(yard.get("ExternalSecret", "shop"), "Ready") == READY


def test_a_whole_entry_has_the_usual_two_properties() -> None:
    """What a generated entry has that nobody listed."""
    yard = Yard()
    yard.make("ExternalSecret", "shop", {"secretStoreRef": STORE, "dataFrom": [{"extract": {"key": "shop"}}]})
    yard.wait(1)
    assert sorted(held(yard)) == ["password", "username"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"secretStoreRef": {"name": "missing"}}, 'could not get SecretStore "missing": not found'),
        ({"secretStoreRef": {**STORE, "name": "missing"}}, 'could not get ClusterSecretStore "missing": not found'),
        ({"dataFrom": [{"find": {"name": {"regexp": "a"}}}]}, "only extract is simulated"),
        ({"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]}, "generators are not simulated"),
    ],
)
def test_what_cant_be_had_is_said(spec: Obj, why: str) -> None:
    """No Secret is made; the condition is as the operator's, and the event has the cause, once."""
    yard = Yard()
    ask(yard, **spec)
    yard.wait(100)
    assert words(yard.get("ExternalSecret", "shop"), "Ready") == FAILED
    assert yard.get("Secret", "shop") is None
    assert [why in m for m in yard.messages("UpdateFailed")] == [True]
    assert yard.reasons("shop") == ["UpdateFailed"]


def test_a_failed_one_recovers_when_it_names_a_store_that_is_there() -> None:
    """Without being made anew."""
    yard = Yard()
    ask(yard, secretStoreRef={**STORE, "name": "missing"})
    yard.wait(5)
    yard.edit("ExternalSecret", "shop", lambda e: e["spec"].update(secretStoreRef=STORE))
    yard.wait(1)
    assert words(yard.get("ExternalSecret", "shop"), "Ready") == READY


def fake(yard: Yard, *data: Obj) -> None:
    """A store that has what is listed."""
    yard.make("ClusterSecretStore", "vault", {"provider": {"fake": {"data": list(data)}}})


def test_a_fake_store_has_what_it_lists() -> None:
    """Values as they are, by entry, property and version; what it doesn't list is an error until it does."""
    yard = Yard()
    fake(yard, {"key": "shop/production", "version": "1", "value": json.dumps({"user": "ann", "port": 5432})})
    ask(yard, item("user"), item("port"))
    ask(yard, item("user", version="2"), name="later")
    ask(yard, item("nobody"), name="never")
    yard.wait(1)
    assert held(yard) == {"USER": "ann", "PORT": "5432"}
    assert words(yard.get("ClusterSecretStore", "vault", ""), "Ready")[:2] == ("True", "Valid")
    assert words(yard.get("ExternalSecret", "later"), "Ready") == FAILED
    assert words(yard.get("ExternalSecret", "never"), "Ready") == FAILED
    new = {"key": "shop/production", "version": "2", "value": '{"user": "bob"}'}
    yard.edit("ClusterSecretStore", "vault", lambda s: s["spec"]["provider"]["fake"]["data"].append(new), namespace="")
    yard.wait(1)
    assert held(yard, "later") == {"USER": "bob"}


def test_values_are_looked_at_again_when_it_is_time() -> None:
    """A value that changes in the store comes with the next refresh, not before."""
    yard = Yard()
    fake(yard, {"key": "shop", "value": "one"})
    ask(yard, {"secretKey": "A", "remoteRef": {"key": "shop"}}, refreshInterval="10m")
    ask(yard, {"secretKey": "A", "remoteRef": {"key": "shop"}}, refreshInterval="0s", name="once")
    yard.wait(1)
    before = yard.status("ExternalSecret", "shop")["refreshTime"]
    yard.edit("ClusterSecretStore", "vault", lambda s: s["spec"]["provider"]["fake"]["data"][0].update(value="two"), namespace="")
    yard.wait(500)
    assert held(yard) == {"A": "one"}
    yard.wait(110)
    assert held(yard) == {"A": "two"}
    assert held(yard, "once") == {"A": "one"}
    assert yard.status("ExternalSecret", "shop")["refreshTime"] > before


def test_a_secret_that_was_tampered_with_is_put_right() -> None:
    """Deleted or changed, it is made again as it was."""
    yard = Yard()
    ask(yard)
    yard.wait(1)
    before = held(yard)
    yard.edit("Secret", "shop", lambda s: s["data"].update(PASSWORD="eA=="))
    yard.wait(1)
    assert held(yard) == before
    yard.delete("Secret", "shop")
    yard.wait(1)
    assert held(yard) == before


def test_a_secret_of_somebody_else_stays() -> None:
    """Two can't own one Secret."""
    yard = Yard()
    ask(yard)
    yard.wait(1)
    ask(yard, name="second", target={"name": "shop"})
    yard.wait(1)
    assert words(yard.get("ExternalSecret", "second"), "Ready")[2] == "target is owned by another ExternalSecret"


@pytest.mark.parametrize(
    ("policy", "there", "owned"), [("Orphan", True, False), ("None", False, False), ("Merge", False, False), ("Owner", True, True)]
)
def test_creation_policies(policy: str, there: bool, owned: bool) -> None:
    """Who makes the Secret, and whom it belongs to."""
    yard = Yard()
    ask(yard, target={"creationPolicy": policy})
    yard.wait(1)
    secret = yard.get("Secret", "shop")
    assert (secret is not None) is there
    assert bool((secret or {"metadata": {}})["metadata"].get("ownerReferences")) is owned
    assert words(yard.get("ExternalSecret", "shop"), "Ready")[0] == "True"


def test_a_template_gives_the_secret_its_form() -> None:
    """Its type, its labels, and data made from the values: a registry's credentials, say."""
    yard = Yard()
    login = '{"username":"{{ .USER }}","password":"{{.PASSWORD}}","auth":"{{ printf "%s:%s" .USER .PASSWORD | b64enc }}"}'
    data = {".dockerconfigjson": f'{{"auths":{{"ghcr.io":{login}}}}}'}
    form = {"type": "kubernetes.io/dockerconfigjson", "metadata": {"labels": {"a": "b"}}, "data": data}
    ask(yard, item("user"), item("password"), target={"template": form})
    yard.wait(1)
    secret = yard.get("Secret", "shop")
    assert secret is not None
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert secret["metadata"]["labels"]["a"] == "b"
    found = json.loads(held(yard)[".dockerconfigjson"])["auths"]["ghcr.io"]
    assert base64.b64decode(found["auth"]).decode() == f"{found['username']}:{found['password']}"


def test_a_template_that_names_nothing_is_refused() -> None:
    """With the name in the event."""
    yard = Yard()
    ask(yard, target={"template": {"data": {"url": "{{ .NOBODY }}"}}})
    yard.wait(1)
    assert words(yard.get("ExternalSecret", "shop"), "Ready") == ("False", "SecretSyncedError", "could not update secret")
    assert "no entry for key 'NOBODY'" in yard.messages("UpdateFailed")[0]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("{{ .a }}-{{.b}}", "1-2"),
        ('{{ index . "a-b" }}', "3"),
        ("{{- .a | b64enc -}}", "MQ=="),
        ("{{ .a | quote }}", '"1"'),
        ('{{ printf "%s@%s" .a .b }}', "1@2"),
        ('{{ (printf "%s" .a) | b64enc }}', "MQ=="),
        ("{{ .a | sha256sum }}", "unrendered"),
        ("{{ if .a }}x{{ end }}", "unrenderedxunrendered"),
    ],
)
def test_templates_as_far_as_they_are_known(text: str, result: str) -> None:
    """What isn't known leaves a text in its place."""
    assert rendered(text, {"a": "1", "b": "2", "a-b": "3"}) == result


@pytest.mark.parametrize(
    ("more", "waiting", "reason"),
    [
        ({"container": {"envFrom": [{"secretRef": {"name": "shop"}}]}}, "CreateContainerConfigError", "Failed"),
        (
            {"container": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "PASSWORD"}}}]}},
            "CreateContainerConfigError",
            "Failed",
        ),
        ({"pod": {"volumes": [{"name": "v", "secret": {"secretName": "shop"}}]}}, "ContainerCreating", "FailedMount"),
    ],
)
def test_pods_wait_for_a_secret_that_is_to_come(more: dict[str, Any], waiting: str, reason: str) -> None:
    """They say so, and start when the store has it after all."""
    yard = Yard()
    ask(yard, secretStoreRef={**STORE, "name": "missing"})
    yard.deploy(replicas=1, **more)
    yard.wait(5)
    (pod,) = yard.pods()
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == waiting
    assert 'secret "shop" not found' in yard.messages(reason)[0]
    yard.edit("ExternalSecret", "shop", lambda e: e["spec"].update(secretStoreRef=STORE))
    yard.wait(5)
    assert yard.ready() == 1


@pytest.mark.parametrize("source", [{"secret": {"secretName": "shop"}}, {"configMap": {"name": "shop"}}])
def test_a_volume_waits_for_its_keys(source: Obj) -> None:
    """A key that isn't there keeps the pod from starting, as an object does that isn't there."""
    yard = Yard()
    kind = "Secret" if "secret" in source else "ConfigMap"
    yard.make(kind, "shop", data={"a": "eA=="})
    inner = next(iter(source.values())) | {"items": [{"key": "b", "path": "b"}]}
    spec = template("one", pod={"volumes": [{"name": "v", next(iter(source)): inner}]})["spec"]
    yard.make("Pod", "one", spec)
    yard.wait(5)
    assert "key: b" in yard.messages("FailedMount")[0]
    yard.edit(kind, "shop", lambda o: o["data"].update(b="eA=="))
    yard.wait(5)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"
