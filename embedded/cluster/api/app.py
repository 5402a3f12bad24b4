"""The API as an ASGI app: a request's way from its path to its answer.

kmock was looked at as a base: it scripts answers for tests of clients, and keeps objects, but has no schemas, defaults or validation, no
server-side apply, and no table or aggregated discovery, which are most of what this is.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from embedded.cluster.api import bodies, discovery, logs, options, reviews, subresources, verbs
from embedded.cluster.api.answers import refusal, send_answer
from embedded.cluster.api.forms import PLAIN, form_of
from embedded.cluster.api.openapi import openapi_answer
from embedded.cluster.api.paths import parse
from embedded.cluster.api.requests import Request
from embedded.cluster.api.watching import Watch, Watches
from embedded.cluster.model.errors import StatusError, method_not_allowed, no_such_resource, server_error
from embedded.cluster.registry.selection import FieldSelector
from embedded.cluster.schema.openapi import OpenAPI

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from embedded.cluster.api.answers import Answer
    from embedded.cluster.api.forms import Form
    from embedded.cluster.api.paths import Target
    from embedded.cluster.registry.registry import Registry

_log: Final = logging.getLogger(__name__)
_HEALTH: Final = frozenset({"healthz", "livez", "readyz"})
_READERS: Final = frozenset({"GET", "HEAD"})


class Api:
    """The whole API on one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._watches = Watches(registry)
        self._openapi = OpenAPI(registry.catalogue)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        form = PLAIN
        try:
            target = parse(scope["path"])
            if target is None:
                answer = self._about(scope, headers)
            else:
                request = await self._request(scope, headers, target, receive)
                form = request.form
                if await self._streamed(request, receive, send):
                    return
                answer = self._handle(request)
        except bodies.Gone:
            return
        except StatusError as error:
            answer = refusal(error)
        except Exception:  # noqa: BLE001 - a bug here mustn't leave the client without an answer
            _log.exception("%s %s failed", scope["method"], scope["path"])
            answer = refusal(server_error(500, "Internal error occurred: the local cluster has a bug; its log has the traceback"))
        await send_answer(answer, form, send)

    async def _request(self, scope: Scope, headers: dict[bytes, bytes], target: Target, receive: Receive) -> Request:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        resource = self._registry.find(target.group, target.version, target.plural)
        if target.namespace is not None and not resource.namespaced:
            raise no_such_resource()
        body = b"" if method == "GET" else await bodies.read(receive)
        return Request(method, target, resource, options.query_of(scope["query_string"]), headers, body)

    async def _streamed(self, request: Request, receive: Receive, send: Send) -> bool:
        """Whether the answer was one without an end, which has been given by now."""
        target = request.target
        if request.method != "GET":
            return False
        if target.subresource == "log" and "log" in request.resource.subresources:
            await logs.serve(self._registry, request, receive, send)
            return True
        if target.subresource or "watch" not in request.query:
            return False
        listing = options.listing(dict(request.query), request.resource)
        if not listing.watch:
            return False
        if "watch" not in request.resource.verbs:
            raise method_not_allowed(request.method)
        if target.name:
            listing = replace(listing, fields=FieldSelector((("metadata.name", True, target.name),)))
        watch = Watch(self._registry, request.resource, target.namespace, listing, request.form, request.include)
        await self._watches.serve(watch, listing, receive, send)
        return True

    def _handle(self, request: Request) -> Answer:
        if request.target.subresource:
            return subresources.handle(self._registry, request)
        if request.resource.storage == "/bindings" and request.method == "POST":
            return subresources.bind(self._registry, request)
        if reviews.is_review(request.resource.storage) and request.method == "POST":
            return reviews.handle(request)
        return verbs.handle(self._registry, request)

    def _about(self, scope: Scope, headers: dict[bytes, bytes]) -> Answer:
        """What is about the server, not about objects."""
        if scope["method"] not in _READERS:
            raise method_not_allowed(scope["method"])
        parts = scope["path"].strip("/").split("/")
        if parts[0] in _HEALTH:
            return discovery.health(scope["path"], verbose="verbose" in options.query_of(scope["query_string"]))
        if parts[0] == "openapi":
            return openapi_answer(self._openapi, parts[1:], options.query_of(scope["query_string"]), headers)
        return self._served(parts, headers)

    def _served(self, parts: list[str], headers: dict[bytes, bytes]) -> Answer:
        """What there is."""
        catalogue = self._registry.catalogue
        match parts:
            case [""]:
                return discovery.paths(catalogue)
            case ["version"]:
                return discovery.version(catalogue.version)
            case ["api"]:
                return discovery.core(catalogue, _discovery_form(headers), _text(headers, b"host"))
            case ["apis"]:
                return discovery.groups(catalogue, _discovery_form(headers))
            case ["api", version]:
                return discovery.resources(catalogue, "", version)
            case ["apis", group]:
                return discovery.group(catalogue, group)
            case ["apis", group, version]:
                return discovery.resources(catalogue, group, version)
        raise no_such_resource()


def _discovery_form(headers: dict[bytes, bytes]) -> Form:
    return form_of(_text(headers, b"accept"), discovery=True)


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
