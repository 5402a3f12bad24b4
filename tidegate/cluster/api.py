"""Requests about the kinds that a release has to do with, and what goes wrong with them as the driver's errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.client import APPLY, JSON, JSON_PATCH
from embedded.providers.kubernetes.discovery import Resource
from embedded.providers.kubernetes.errors import ApiError, LostAnswerError
from embedded.providers.kubernetes.errors import UnreachableError as NoAnswerError
from tidegate.model.errors import AuthenticationError, ResourceError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence

    from embedded.providers.kubernetes.client import Client

Obj = dict[str, Any]

DEPLOYMENTS: Final = Resource("apps/v1", "Deployment", "deployments", namespaced=True)
REPLICA_SETS: Final = Resource("apps/v1", "ReplicaSet", "replicasets", namespaced=True)
PODS: Final = Resource("v1", "Pod", "pods", namespaced=True)
EVENTS: Final = Resource("v1", "Event", "events", namespaced=True)
SERVICES: Final = Resource("v1", "Service", "services", namespaced=True)
QUOTAS: Final = Resource("v1", "ResourceQuota", "resourcequotas", namespaced=True)
JOBS: Final = Resource("batch/v1", "Job", "jobs", namespaced=True)
ROUTES: Final = Resource("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", namespaced=True)
GATEWAYS: Final = Resource("gateway.networking.k8s.io/v1", "Gateway", "gateways", namespaced=True)

_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
_PAGE: Final = "1000"
# The roles that each stack has in its namespace (`environment.access`).
_LOOKING, _RELEASING = "viewer", "deployer"


class Api:
    """An API server, as a release needs it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, path: str, params: Mapping[str, str]) -> tuple[int, Any]:
        """What is at a path, be it the API's own or something behind it: the status and the body."""
        try:
            return 200, await self._client.get(path, params)
        except NoAnswerError as error:
            raise UnreachableError(str(error)) from error
        except ApiError as error:
            return error.code, str(error)

    async def get(self, kind: Resource, namespace: str, name: str) -> Obj | None:
        """An object; None if there is none."""
        with _told("get", kind, namespace):
            try:
                return await self._client.get(kind.path(namespace, name))
            except ApiError as error:
                if error.not_found:
                    return None
                raise

    async def all(self, kind: Resource, namespace: str, **selectors: str) -> list[Obj]:
        """The objects of a namespace, by `labelSelector` and the like; none where there is no such kind."""
        pages = await self._pages(kind, namespace, selectors, JSON)
        # What a list's objects have in common is said once, for the list.
        return [{"apiVersion": kind.api_version, "kind": kind.kind, **item} for page in pages for item in page.get("items") or ()]

    async def table(self, kind: Resource, namespace: str, **selectors: str) -> list[dict[str, Any]] | None:
        """The same as people get them listed, by the columns' names: a fiftieth of the objects; None where there are no tables."""
        found = []
        for page in await self._pages(kind, namespace, {**selectors, "includeObject": "None"}, _TABLE):
            if page.get("kind") != "Table":
                return None
            names = [column["name"] for column in page["columnDefinitions"]]
            found += [dict(zip(names, row["cells"], strict=True)) for row in page.get("rows") or ()]
        return found

    async def _pages(self, kind: Resource, namespace: str, selectors: Mapping[str, str], accept: str) -> list[Obj]:
        params, found = {**selectors, "limit": _PAGE}, list[Obj]()
        with _told("list", kind, namespace):
            while True:
                try:
                    page = await self._client.list(kind.path(namespace), params, accept)
                except ApiError as error:
                    if error.not_found:
                        return []
                    if error.gone and "continue" in params:
                        # It took too long to get from page to page: all of it anew, in one.
                        params, found = dict(selectors), []
                        continue
                    raise
                found.append(page)
                if not (more := (page.get("metadata") or {}).get("continue")):
                    return found
                params = {**params, "continue": more}

    async def apply(self, kind: Resource, obj: Obj, manager: str, *, force: bool = False) -> Obj:
        """Server-side apply. ApiError if others manage what it changes: whoever asks for it knows what that means."""
        with _told("patch", kind, _namespace(obj), conflicts=True):
            params = {"fieldManager": manager, "force": str(force).lower()}
            return await self._client.patch(kind.path_of(obj), obj, APPLY, params)

    async def patch(self, kind: Resource, namespace: str, name: str, operations: Sequence[Mapping[str, Any]]) -> Obj:
        """A JSON patch. ApiError if the object has changed meanwhile, and the patch names its version."""
        with _told("patch", kind, namespace, conflicts=True):
            return await self._client.patch(kind.path(namespace, name), operations, JSON_PATCH)

    async def create(self, kind: Resource, obj: Obj, manager: str) -> Obj:
        """Create an object whose name nobody else has."""
        namespace, name = _namespace(obj), obj["metadata"]["name"]
        with _told("create", kind, namespace):
            try:
                return await self._client.create(kind.path(namespace), obj, {"fieldManager": manager})
            except LostAnswerError as error:
                # The name is ours alone, so what is there by it is what was sent.
                found = await self.get(kind, namespace, name)
                if found is None:
                    raise error.cause from error
                return found

    async def delete(self, kind: Resource, namespace: str, name: str) -> None:
        """Delete an object and, in the background, all that belongs to it."""
        with _told("delete", kind, namespace):
            try:
                await self._client.delete(kind.path(namespace, name), {"propagationPolicy": "Background"})
            except ApiError as error:
                if not error.not_found:
                    raise

    async def watch(self, kind: Resource, namespace: str, name: str) -> AsyncGenerator[Obj, None]:
        """An object as it is, and as it becomes; it ends when the object does, or the watch: then look again."""
        with _told("watch", kind, namespace):
            found = await self._client.list(kind.path(namespace), {"fieldSelector": f"metadata.name={name}"})
            for obj in found.get("items") or []:
                yield obj
            params = {"fieldSelector": f"metadata.name={name}", "resourceVersion": found["metadata"]["resourceVersion"]}
            try:
                async for type_, obj in self._client.watch(kind.path(namespace), params):
                    if type_ == "DELETED":
                        return
                    if type_ != "BOOKMARK":
                        yield obj
            except ApiError as error:
                if not error.gone:
                    raise


@contextmanager
def _told(verb: str, kind: Resource, namespace: str, *, conflicts: bool = False) -> Iterator[None]:
    """What goes wrong inside, as one of the driver's errors."""
    try:
        yield
    except NoAnswerError as error:
        raise UnreachableError(str(error)) from error
    except ApiError as error:
        if conflicts and (error.field_conflict or error.outdated):
            raise
        raise _driver_error(error, verb, kind, namespace) from error


def _driver_error(error: ApiError, verb: str, kind: Resource, namespace: str) -> Exception:
    group = kind.api_version.rpartition("/")[0]
    what = f"{verb} {kind.plural}{f'.{group}' if group else ''} in namespace {namespace}"
    if error.code == 401:
        return AuthenticationError(
            f"{what}: the API server doesn't accept the credentials of the kubeconfig's user; they may have expired, or belong to another "
            "cluster: renew them, or choose another context"
        )
    if error.forbidden and not error.namespace_terminating:
        role = _LOOKING if verb in {"get", "list", "watch"} and kind is not GATEWAYS else _RELEASING
        return AuthenticationError(
            f"{what}: the kubeconfig's user may not ({error}). The stack's role `{role}` may: add a group of the user's to "
            f"`environment.access.{role}s`, and have the stack updated by somebody who may do so"
        )
    if error.busy:
        return UnreachableError(f"{what}: the API server can't just now: {error}")
    return ResourceError(f"{what}: {error}")


def _namespace(obj: Obj) -> str:
    return str(obj["metadata"]["namespace"])
