"""What the server serves: versions, groups, and the kinds in them, in the plain form and in the aggregated one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.api.answers import Answer, encode
from embedded.cluster.model.errors import StatusError, no_such_resource

if TYPE_CHECKING:
    from embedded.cluster.api.forms import Form
    from embedded.cluster.schema.catalogue import Catalogue
    from embedded.cluster.schema.resource import Resource, Subresource

_AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_PATHS: Final = ("/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


def paths(catalogue: Catalogue) -> Answer:
    """All that can be asked for."""
    groups = [g for g in catalogue.groups() if g]
    versions = [f"/apis/{g}/{v}" for g in groups for v in catalogue.versions(g)]
    return Answer({"paths": sorted([*_PATHS, *(f"/apis/{g}" for g in groups), *versions])})


def core(catalogue: Catalogue, form: Form, address: str) -> Answer:
    """`/api`."""
    if form.view:
        return _aggregated(catalogue, [""], form)
    reached = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return Answer({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": reached})


def groups(catalogue: Catalogue, form: Form) -> Answer:
    """`/apis`."""
    names = [g for g in catalogue.groups() if g]
    if form.view:
        return _aggregated(catalogue, names, form)
    return Answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(catalogue, g) for g in names]})


def group(catalogue: Catalogue, name: str) -> Answer:
    """`/apis/apps`."""
    if not name or not catalogue.versions(name):
        raise no_such_resource()
    return Answer({"kind": "APIGroup", "apiVersion": "v1", **_group(catalogue, name)})


def resources(catalogue: Catalogue, name: str, version: str) -> Answer:
    """`/apis/apps/v1`."""
    if version not in catalogue.versions(name):
        raise no_such_resource()
    entries = [entry for r in catalogue.resources(name, version) for entry in _entries(r)]
    group_version = f"{name}/{version}" if name else version
    return Answer({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries})


def version(number: str) -> Answer:
    """`/version`."""
    major, minor, *_ = number.removeprefix("v").split(".")
    about = {"gitVersion": number, "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z"}
    built = {"goVersion": "none", "compiler": "none", "platform": "python"}
    return Answer({"major": major, "minor": minor, **about, **built})


def health(path: str, *, verbose: bool) -> Answer:
    """`/healthz` and its kin: there is one thread, so who can ask is answered."""
    check, _, single = path.strip("/").partition("/")
    if single and single != "ping":
        raise StatusError(404, "NotFound", f'{check} check "{single}" not found')
    text = f"[+]ping ok\n{check} check passed\n" if verbose else "ok"
    return Answer(text.encode(), content_type="text/plain; charset=utf-8")


def _group(catalogue: Catalogue, name: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{name}/{v}", "version": v} for v in catalogue.versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _entries(r: Resource) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": r.plural,
        "singularName": r.singular,
        "namespaced": r.namespaced,
        "kind": r.kind,
        "verbs": sorted(r.verbs),
    }
    if r.short_names:
        entry["shortNames"] = list(r.short_names)
    if r.categories:
        entry["categories"] = list(r.categories)
    return [entry, *(_sub_entry(r, sub) for sub in r.subresources.values())]


def _sub_entry(r: Resource, sub: Subresource) -> dict[str, Any]:
    entry = {"name": f"{r.plural}/{sub.name}", "singularName": "", "namespaced": r.namespaced, "kind": sub.kind, "verbs": sorted(sub.verbs)}
    return entry if (sub.group, sub.version) == (r.group, r.version) else entry | {"group": sub.group, "version": sub.version}


def _aggregated(catalogue: Catalogue, names: list[str], form: Form) -> Answer:
    items = [
        {
            "metadata": {"name": name} if name else {},
            "versions": [
                {"version": v, "resources": [_aggregated_entry(r) for r in catalogue.resources(name, v)], "freshness": "Current"}
                for v in catalogue.versions(name)
            ],
        }
        for name in names
    ]
    data = {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{form.version}", "metadata": {}, "items": items}
    return Answer(encode(data), content_type=_AGGREGATED.format(form.version))


def _aggregated_entry(r: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": r.plural,
        "responseKind": {"group": r.group, "version": r.version, "kind": r.kind},
        "scope": "Namespaced" if r.namespaced else "Cluster",
        "singularResource": r.singular,
        "verbs": sorted(r.verbs),
    }
    if r.short_names:
        entry["shortNames"] = list(r.short_names)
    if r.categories:
        entry["categories"] = list(r.categories)
    if r.subresources:
        entry["subresources"] = [
            {"subresource": s.name, "responseKind": {"group": s.group, "version": s.version, "kind": s.kind}, "verbs": sorted(s.verbs)}
            for s in r.subresources.values()
        ]
    return entry
