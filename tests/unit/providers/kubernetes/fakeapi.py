"""An API server of a few lines, behind httpx: what it is asked, it remembers; what it is told to get wrong, it gets wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

Obj = dict[str, Any]
# How a request goes wrong: answered so, never sent, lost on the way there, lost on the way back.
Fault = int | Literal["refused", "dropped", "lost"]
NOW = "2026-01-01T00:00:00Z"
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
KINDS = {
    "api/v1": {"configmaps": "ConfigMap", "secrets": "Secret", "services": "Service"},
    "apis/apps/v1": {"deployments": "Deployment"},
    "apis/batch/v1": {"jobs": "Job"},
    "apis/apiextensions.k8s.io/v1": {},
}
GLOBAL = {"api/v1": {"namespaces": "Namespace"}, "apis/apiextensions.k8s.io/v1": {"customresourcedefinitions": "CustomResourceDefinition"}}

PLURALS = {plural for kinds in (*KINDS.values(), *GLOBAL.values()) for plural in kinds}
ESTABLISHED = {"conditions": [{"type": t, "status": "True"} for t in ("NamesAccepted", "Established")]}


def status(code: int, reason: str, message: str, **details: Any) -> Obj:
    """A refusal."""
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message, "details": details}


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    params: dict[str, str]
    body: Any = None


@dataclass
class FakeApi:
    """Objects by path; `faults` are taken one by one by the requests of their method, `answers` replace what a path says."""

    objects: dict[str, Obj] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    answers: dict[str, Callable[[Request], tuple[int, Obj]]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"date": DATE})
    version: int = 0

    def client(self) -> httpx.AsyncClient:
        """A client of it."""
        return httpx.AsyncClient(base_url="https://api.test", transport=httpx.MockTransport(self))

    def asked(self, *methods: str) -> list[str]:
        """The requests of these methods (all, if none is named), as text, discovery left out."""
        told = [r for r in self.requests if r.path.strip("/") not in KINDS and (not methods or r.method in methods)]
        return [f"{r.method} {r.path}" for r in told]

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        """Answer a request."""
        request = Request(sent.method, sent.url.path, dict(sent.url.params), json.loads(sent.content) if sent.content else None)
        self.requests.append(request)
        faults = [] if request.path.strip("/") in KINDS else self.faults.get(sent.method, [])
        fault = faults.pop(0) if faults else None
        if fault == "refused":
            raise httpx.ConnectError("connection refused", request=sent)
        if fault == "dropped":
            raise httpx.ReadError("connection reset", request=sent)
        if isinstance(fault, int):
            return self._answer(fault, status(fault, "Fault", f"told to say {fault}"))
        answer = self._answer(*self._handled(request))
        if fault == "lost":
            raise httpx.ReadError("connection reset", request=sent)
        return answer

    def add(self, path: str, obj: Obj, *, manager: str = "pulumi-kubernetes", operation: str = "Update", created: str = NOW) -> Obj:
        """Put an object there, as if it had been made so."""
        self.version += 1
        fields: Obj = {"f:data": {f"f:{k}": {} for k in obj.get("data", {})}}
        entry = {"manager": manager, "operation": operation, "apiVersion": obj["apiVersion"], "fieldsV1": fields}
        made = {"uid": f"uid-{self.version}", "creationTimestamp": created, "resourceVersion": str(self.version), "managedFields": [entry]}
        self.objects[path] = {**obj, "metadata": {**obj["metadata"], **made}}
        if obj["kind"] == "CustomResourceDefinition":
            self.objects[path]["status"] = ESTABLISHED
        return self.objects[path]

    def _answer(self, code: int, body: Obj) -> httpx.Response:
        return httpx.Response(code, json=copy.deepcopy(body), headers=self.headers)

    def _handled(self, request: Request) -> tuple[int, Obj]:
        path = request.path
        if answer := self.answers.get(path):
            return answer(request)
        if path.strip("/") in KINDS:
            named = [(GLOBAL.get(path.strip("/"), {}), False), (KINDS[path.strip("/")], True)]
            resources = [{"name": n, "kind": k, "namespaced": scoped} for kinds, scoped in named for n, k in kinds.items()]
            return 200, {"kind": "APIResourceList", "resources": resources}
        return getattr(self, f"_{request.method.lower()}")(request)  # type: ignore[no-any-return]

    def _get(self, request: Request) -> tuple[int, Obj]:
        if found := self.objects.get(request.path):
            return 200, found
        if request.path.rpartition("/")[2] not in PLURALS:
            return self._missing(request.path)
        items = [obj for path, obj in self.objects.items() if path.rpartition("/")[0] == request.path]
        return 200, {"kind": "List", "metadata": {"resourceVersion": str(self.version)}, "items": items}

    def _post(self, request: Request) -> tuple[int, Obj]:
        prefix, _, rest = request.path.partition("/namespaces/")
        if "/" in rest and f"/api/v1/namespaces/{rest.split('/')[0]}" not in self.objects:
            name = rest.split("/")[0]
            return 404, status(404, "NotFound", f'namespaces "{name}" not found', kind="namespaces", name=name)
        del prefix
        path = f"{request.path}/{request.body['metadata']['name']}"
        if path in self.objects:
            name = request.body["metadata"]["name"]
            return 409, status(409, "AlreadyExists", f'{request.path.rpartition("/")[2]} "{name}" already exists', name=name)
        if request.params.get("dryRun"):
            return 201, {**request.body, "metadata": {**request.body["metadata"], "uid": "dry"}, "status": {"phase": "Dry"}}
        return 201, self.add(path, request.body, manager=request.params["fieldManager"])

    def _put(self, request: Request) -> tuple[int, Obj]:
        found = self.objects[request.path]
        if request.body["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            return 409, status(409, "Conflict", "the object has been modified")
        return 200, self.add(request.path, request.body)

    def _patch(self, request: Request) -> tuple[int, Obj]:
        found = copy.deepcopy(self.objects.get(request.path))
        if isinstance(request.body, list):
            if found is None:
                return self._missing(request.path)
            values = {op["path"].rpartition("/")[2]: op["value"] for op in request.body}
            if values.pop("resourceVersion") != found["metadata"]["resourceVersion"]:
                return 409, status(409, "Conflict", "the object has been modified")
            found["metadata"].update(values)
        else:
            body = request.body
            found = found or {"metadata": {}}
            found = {**found, **body, "metadata": {**found["metadata"], **body["metadata"]}}
        if request.params.get("dryRun"):
            return 200, found
        self.version += 1
        found["metadata"]["resourceVersion"] = str(self.version)
        self.objects[request.path] = found
        return 200, found

    def _delete(self, request: Request) -> tuple[int, Obj]:
        if self.objects.pop(request.path, None) is None:
            return self._missing(request.path)
        return 200, {"kind": "Status", "status": "Success"}

    @staticmethod
    def _missing(path: str) -> tuple[int, Obj]:
        plural, name = path.split("/")[-2:]
        return 404, status(404, "NotFound", f'{plural} "{name}" not found', kind=plural, name=name)
