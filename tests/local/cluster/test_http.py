"""The API over plain HTTP: what clients find, in which form, and what they are told when it can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    import httpx

_MAPS = "/api/v1/namespaces/default/configmaps"
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def config_map(name: str = "a", **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_discovery_says_the_same_in_both_forms(http: httpx.Client) -> None:
    """Every kind of the plain form is in the aggregated one, with its verbs, and the other way round."""
    plain: dict[tuple[str, str], tuple[str, list[str]]] = {}
    groups = http.get("/apis").json()["groups"]
    versions = ["/api/v1", *(f"/apis/{v['groupVersion']}" for g in groups for v in g["versions"])]
    for path in versions:
        found = http.get(path).json()
        plain |= {(found["groupVersion"], r["name"]): (r["kind"], r["verbs"]) for r in found["resources"]}
    aggregated = {}
    for path in ("/api", "/apis"):
        answer = http.get(path, headers={"Accept": _AGGREGATED})
        assert answer.headers["content-type"] == _AGGREGATED.replace("g=apidiscovery.k8s.io;v=v2;", "g=apidiscovery.k8s.io;v=v2;")
        for group in answer.json()["items"]:
            for version in group["versions"]:
                name = group["metadata"].get("name")
                prefix = f"{name}/{version['version']}" if name else version["version"]
                for r in version["resources"]:
                    aggregated[prefix, r["resource"]] = (r["responseKind"]["kind"], r["verbs"])
                    for s in r.get("subresources", []):
                        aggregated[prefix, f"{r['resource']}/{s['subresource']}"] = (s["responseKind"]["kind"], s["verbs"])
    assert plain == aggregated
    assert ("apps/v1", "deployments/scale") in plain


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping"])
def test_health(http: httpx.Client, path: str) -> None:
    """In one word."""
    assert http.get(path).text == "ok"


@pytest.mark.parametrize("path", ["/", "/version", "/api", "/apis", "/apis/apps", "/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1"])
def test_about_the_server(http: httpx.Client, path: str) -> None:
    """Is JSON."""
    answer = http.get(path)
    assert answer.status_code == 200
    assert isinstance(answer.json(), dict)


def test_schemas_are_sent_once(http: httpx.Client) -> None:
    """Who has one already is told so, and may keep it as long as its name stays."""
    path = http.get("/openapi/v3").json()["paths"]["apis/apps/v1"]["serverRelativeURL"]
    first = http.get(path)
    assert "immutable" in first.headers["cache-control"]
    assert http.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_schemas_in_the_form_of_clients_in_go(http: httpx.Client) -> None:
    """They ask by a name that is no media type, and can't read it in the answer."""
    answer = http.get("/openapi/v2", headers={"Accept": "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"})
    assert answer.headers["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert answer.content[:6] == b"\n\x032.0\x12"


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "/nowhere", 404, "the server could not find the requested resource"),
        ("GET", "/apis/nobody/v1", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/namespaces/default/gadgets", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/namespaces/default/nodes", 404, "the server could not find the requested resource"),
        ("GET", f"{_MAPS}/nobody", 404, 'configmaps "nobody" not found'),
        ("GET", f"{_MAPS}/kube-root-ca.crt/status", 404, "the server could not find the requested resource"),
        ("PUT", _MAPS, 405, "the server does not allow this method on the requested resource: PUT"),
        ("POST", "/version", 405, "the server does not allow this method on the requested resource: POST"),
        ("POST", _MAPS, 400, "the body of the request must be an object"),
    ],
)
def test_refusals_are_statuses(http: httpx.Client, method: str, path: str, code: int, message: str) -> None:
    """With the words of the real server."""
    answer = http.request(method, path)
    status = answer.json()
    assert (answer.status_code, status["code"], status["kind"], status["message"]) == (code, code, "Status", message)


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{", 400),
        ("application/yaml", b"a: [", 400),
        ("text/plain", b"a", 415),
        ("application/vnd.kubernetes.protobuf", b"{}", 400),
        ("application/vnd.kubernetes.protobuf", b"k8s\x00\xff", 400),
        ("application/json", b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}', 400),
        ("application/json", b'{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"a"}}', 400),
        ("application/json", b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"b"}}', 400),
        ("application/json", b'{"kind":"ConfigMap","apiVersion":"v1","metadata":[]}', 400),
        ("application/json", b" " * (3 * 1024 * 1024 + 1), 413),
    ],
)
def test_bodies_that_cannot_be(http: httpx.Client, content_type: str, body: bytes, code: int) -> None:
    """Are the client's fault."""
    answer = http.post(_MAPS, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status")


def test_yaml_in_and_out(http: httpx.Client) -> None:
    """For people."""
    body = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {x: '1'}\n"
    answer = http.post(_MAPS, content=body, headers={"Content-Type": "application/yaml", "Accept": "application/yaml"})
    assert answer.status_code == 201
    assert yaml.safe_load(answer.text)["data"] == {"x": "1"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "ConfigMapList"),
        ("application/vnd.kubernetes.protobuf,application/json", "ConfigMapList"),
        (f"{_TABLE},application/json", "Table"),
        ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "PartialObjectMetadataList"),
        ("application/json;as=Chart;v=v1;g=meta.k8s.io,*/*", "ConfigMapList"),
    ],
)
def test_lists_in_the_form_that_is_asked_for(http: httpx.Client, accept: str, kind: str) -> None:
    """The first that there is."""
    assert http.get(_MAPS, headers={"Accept": accept}).json()["kind"] == kind


def test_a_form_that_nobody_has(http: httpx.Client) -> None:
    """Is refused."""
    assert http.get(_MAPS, headers={"Accept": "application/vnd.kubernetes.protobuf"}).status_code == 406


@pytest.mark.parametrize(("include", "kept"), [("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap")])
def test_rows_carry_what_is_wanted_of_their_objects(http: httpx.Client, include: str, kept: str | None) -> None:
    """Nothing, the metadata, or all."""
    [row] = http.get(_MAPS, headers={"Accept": _TABLE}, params={"includeObject": include}).json()["rows"]
    assert row["cells"][:2] == ["kube-root-ca.crt", 1]
    assert row.get("object", {}).get("kind") == kept


def test_lists_in_pieces(http: httpx.Client) -> None:
    """All pieces are of one version, and together they are the list."""
    for number in range(7):
        http.post(_MAPS, json=config_map(f"c{number}"))
    names, token, versions = [], "", set()
    while True:
        part = http.get(_MAPS, params={"limit": "3", "continue": token}).json()
        names += [o["metadata"]["name"] for o in part["items"]]
        versions.add(part["metadata"]["resourceVersion"])
        http.post(_MAPS, json=config_map(f"b{len(names)}"))
        token = part["metadata"].get("continue", "")
        if not token:
            break
        assert part["metadata"]["remainingItemCount"] > 0
    assert names == [*(f"c{n}" for n in range(7)), "kube-root-ca.crt"]
    assert len(versions) == 1
    assert http.get(_MAPS, params={"limit": "3", "continue": "nonsense"}).status_code == 400


def test_lists_of_another_time(http: httpx.Client) -> None:
    """Only the present is kept; what is asked to be no older than something is."""
    then = http.get(_MAPS).json()["metadata"]["resourceVersion"]
    assert http.get(_MAPS, params={"resourceVersion": then, "resourceVersionMatch": "Exact"}).status_code == 200
    http.post(_MAPS, json=config_map())
    assert http.get(_MAPS, params={"resourceVersion": then, "resourceVersionMatch": "Exact"}).status_code == 410
    assert len(http.get(_MAPS, params={"resourceVersion": then, "resourceVersionMatch": "NotOlderThan"}).json()["items"]) == 2
    assert http.get(_MAPS, params={"resourceVersion": "999999"}).status_code == 504


@pytest.mark.parametrize(
    ("method", "query", "field"),
    [
        ("POST", "dryRun=Some", "dryRun"),
        ("POST", "fieldValidation=Loud", "fieldValidation"),
        ("POST", "force=true", "force"),
        ("DELETE", "propagationPolicy=Sideways", "propagationPolicy"),
    ],
)
def test_options_that_are_none(http: httpx.Client, method: str, query: str, field: str) -> None:
    """Are refused by name."""
    answer = http.request(
        method, f"{_MAPS}{'' if method == 'POST' else '/kube-root-ca.crt'}?{query}", json=config_map() if method == "POST" else None
    )
    assert answer.status_code == 422
    assert answer.json()["details"]["causes"][0]["field"] == field


def test_apply_needs_a_manager(http: httpx.Client) -> None:
    """Who owns what it sets."""
    apply = {"Content-Type": "application/apply-patch+yaml"}
    assert "fieldManager: Required value" in http.patch(f"{_MAPS}/a", json=config_map(), headers=apply).json()["message"]
    assert http.patch(f"{_MAPS}/a?fieldManager=me", json=config_map(), headers=apply).status_code == 201
    assert http.patch(f"{_MAPS}/a?fieldManager=me", json=config_map(x="1"), headers=apply).status_code == 200


def test_who_does_not_say_is_known_by_his_program(http: httpx.Client) -> None:
    """The manager is the first word of the user agent."""
    made = http.post(_MAPS, json=config_map(x="1"), headers={"User-Agent": "robot/1.0 (linux)"}).json()
    assert made["metadata"]["managedFields"][0]["manager"] == "robot"


def test_warnings_come_in_headers(http: httpx.Client) -> None:
    """One each."""
    answer = http.post(_MAPS, json={**config_map(), "daata": {}})
    assert answer.headers["warning"] == '299 - "unknown field \\"daata\\""'


def test_a_deletion_answers_with_a_status_or_the_object(http: httpx.Client) -> None:
    """As the real server does, by the kind."""
    http.post(_MAPS, json=config_map())
    done = http.delete(f"{_MAPS}/a").json()
    assert (done["kind"], done["status"], done["details"]["name"]) == ("Status", "Success", "a")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}
    http.post("/api/v1/namespaces/default/serviceaccounts", json=account)
    assert http.delete("/api/v1/namespaces/default/serviceaccounts/a").json()["kind"] == "ServiceAccount"


def test_evictions_and_bindings(http: httpx.Client) -> None:
    """Are requests of their own."""
    spec = {"containers": [{"name": "app", "image": "web:1"}], "schedulerName": "nobody"}
    http.post("/api/v1/namespaces/default/pods", json={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "node-1"}}
    assert http.post("/api/v1/namespaces/default/bindings", json=binding).status_code == 201
    assert http.get("/api/v1/namespaces/default/pods/p").json()["spec"]["nodeName"] == "node-1"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}, "deleteOptions": {"gracePeriodSeconds": 0}}
    assert http.post("/api/v1/namespaces/default/pods/p/eviction", json=eviction).status_code == 201
    assert http.get("/api/v1/namespaces/default/pods/p").status_code == 404


@pytest.mark.parametrize("review", ["selfsubjectaccessreviews", "subjectaccessreviews", "selfsubjectrulesreviews"])
def test_reviews_are_answered_and_not_kept(http: httpx.Client, review: str) -> None:
    """Whoever is let in may do everything."""
    answer = http.post(f"/apis/authorization.k8s.io/v1/{review}", json={"spec": {}})
    assert answer.status_code == 201
    assert answer.json()["status"].get("allowed", True)
    assert http.get(f"/apis/authorization.k8s.io/v1/{review}").status_code == 405
