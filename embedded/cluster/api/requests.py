"""One request to an object or to all objects of a kind, with what all handlers need of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from embedded.cluster.api import bodies, options
from embedded.cluster.api.forms import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.api.forms import Form
    from embedded.cluster.api.paths import Target
    from embedded.cluster.registry.requests import Write
    from embedded.cluster.schema.resource import Resource


@dataclass(frozen=True)
class Request:
    """What is asked for; `body` is still as it came."""

    method: str
    target: Target
    resource: Resource
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    body: bytes

    @property
    def namespace(self) -> str:
        """The namespace, "" if none."""
        return self.target.namespace or ""

    @property
    def content_type(self) -> str:
        """The body's form."""
        return self.headers.get(b"content-type", b"").decode("latin-1")

    @property
    def form(self) -> Form:
        """The answer's form."""
        return form_of(self.headers.get(b"accept", b"").decode("latin-1"))

    @property
    def include(self) -> str:
        """How much of an object goes with its row in a table."""
        return self.query.get("includeObject", "Metadata")

    @cached_property
    def write(self) -> Write:
        """How to write."""
        agent = self.headers.get(b"user-agent", b"").decode("latin-1")
        apply = self.method == "PATCH" and bodies.media_of(self.content_type) == "application/apply-patch+yaml"
        return options.writing(dict(self.query), agent, apply=apply)

    def data(self) -> Any:
        """The body's data, whatever it is."""
        return bodies.decoded(self.body, self.content_type)

    def obj(self) -> dict[str, Any]:
        """The object in the body."""
        return bodies.decoded_object(self.body, self.content_type)
