"""Which path serves a kind, and whether its objects live in namespaces: asked of the API server, once for each group and version.

A kind that isn't known is asked for again, because a CustomResourceDefinition may just have been made. In a preview such a definition
doesn't exist yet: `announce` tells of those that the program declares.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from embedded.providers.kubernetes.client import Client

    Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the API serves it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of one object, or without a name of all of them (in the namespace, if one is given)."""
        path = "/" + root(self.api_version)
        if self.namespaced and namespace:
            path += f"/namespaces/{namespace}"
        path += f"/{self.plural}"
        return f"{path}/{name}" if name else path

    def path_of(self, obj: Obj) -> str:
        """The path of an object of this kind; without a namespace it is in `default`."""
        metadata = obj["metadata"]
        return self.path(metadata.get("namespace") or "default", metadata["name"])


def root(api_version: str) -> str:
    """The path under which a group's version is served."""
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"


class Discovery:
    """What the API server serves, as far as anybody asked."""

    def __init__(self, client: Callable[[], Awaitable[Client]]) -> None:
        self._client = client
        self._known: dict[str, dict[str, Resource]] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._announced: dict[tuple[str, str], bool] = {}

    def announce(self, crd: Obj) -> None:
        """Remember the scope that a CustomResourceDefinition gives its kind."""
        spec = crd.get("spec")
        if isinstance(spec, dict) and isinstance(names := spec.get("names"), dict):
            group, kind, scope = spec.get("group"), names.get("kind"), spec.get("scope")
            if isinstance(group, str) and isinstance(kind, str) and isinstance(scope, str):
                self._announced[group, kind] = scope == "Namespaced"

    def forget(self) -> None:
        """Ask again for everything: a definition changed."""
        self._known.clear()

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The kind; NoSuchKindError if the server serves none such."""
        api_version = api_version.removeprefix("core/")
        found = self._known.get(api_version, {}).get(kind)
        if found is None:
            lock = self._asking.setdefault(api_version, asyncio.Lock())
            before = self._known.get(api_version)
            async with lock:
                # Somebody else may have asked while this one waited.
                if self._known.get(api_version) is before:
                    self._known[api_version] = await self._ask(api_version)
            found = self._known[api_version].get(kind)
        if found is None:
            raise NoSuchKindError(api_version, kind)
        return found

    async def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether the kind's objects live in namespaces; those of a kind that nobody knows yet do, until it turns out otherwise."""
        group = api_version.rpartition("/")[0]
        announced = self._announced.get((group, kind))
        if announced is not None:
            return announced
        try:
            return (await self.resource(api_version, kind)).namespaced
        except NoSuchKindError:
            return True

    async def _ask(self, api_version: str) -> dict[str, Resource]:
        try:
            answer = await (await self._client()).get("/" + root(api_version))
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        return {
            r["kind"]: Resource(api_version, r["kind"], r["name"], bool(r["namespaced"]))
            for r in answer.get("resources") or []
            # Sub-resources (`pods/eviction`) have kinds of their own, or their owner's.
            if "/" not in r["name"]
        }
