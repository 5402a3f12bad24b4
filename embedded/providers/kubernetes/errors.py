"""What a Kubernetes API server, or the way to it, can answer instead of what was asked for.

The server's own words are kept: they name the object and the field. What the words mean for a step (try again, gone, somebody else's)
is told apart by code and reason, never by text.
"""

from __future__ import annotations

from typing import Any, Final

FIELD_CONFLICT: Final = "FieldManagerConflict"
_UNAUTHORIZED: Final = """

The API server doesn't accept the credentials of the kubeconfig's user. They may have expired, or belong to another cluster: renew them, \
or choose another context."""
_FORBIDDEN: Final = """

The kubeconfig's user may not do that. Have it allowed by somebody who may (`kubectl auth can-i --list` says what is), or choose another \
context."""
_TERMINATING: Final = """

The namespace is being deleted. Wait until it is gone and have it created again, or use another one."""
_NO_NAMESPACE: Final = """

The namespace must be there first. If the program creates it, refer to the Namespace resource's metadata.name instead of writing the name \
out, so that Pulumi knows the order. If somebody deleted it, `pulumi refresh` makes the state know."""


class ApiError(Exception):
    """The API server refused: its `Status` object and HTTP code. As text: the server's message."""

    def __init__(self, status: dict[str, Any], code: int, retry_after: float | None = None) -> None:
        self.status, self.code, self.retry_after = status, code, retry_after
        super().__init__(status.get("message") or f"the API server answered {code}")

    @property
    def reason(self) -> str:
        """The machine-readable reason: NotFound, AlreadyExists, Conflict, Invalid, Forbidden, ..."""
        return str(self.status.get("reason") or "")

    @property
    def details(self) -> dict[str, Any]:
        """Which object it is about, and the causes."""
        return self.status.get("details") or {}

    @property
    def causes(self) -> list[dict[str, Any]]:
        """What is wrong, field by field."""
        return self.details.get("causes") or []

    @property
    def not_found(self) -> bool:
        """The object, its namespace, or its kind isn't there."""
        return self.code == 404

    @property
    def namespace_not_found(self) -> bool:
        """The namespace isn't there."""
        return self.not_found and self.details.get("kind") == "namespaces"

    @property
    def already_exists(self) -> bool:
        """An object of that name is there."""
        return self.code == 409 and self.reason == "AlreadyExists"

    @property
    def field_conflict(self) -> bool:
        """Somebody else manages a field that was to be changed."""
        return self.code == 409 and any(c.get("reason") == FIELD_CONFLICT for c in self.causes)

    @property
    def outdated(self) -> bool:
        """The object changed between reading and writing it."""
        return self.code == 409 and not self.already_exists and not self.field_conflict

    @property
    def forbidden(self) -> bool:
        """The user may not do that."""
        return self.code == 403

    @property
    def invalid(self) -> bool:
        """The object, or a change of it, isn't valid."""
        return self.code == 422

    @property
    def gone(self) -> bool:
        """The resource version that a list or watch was to go on from is too old."""
        return self.code == 410

    @property
    def busy(self) -> bool:
        """The server can't now and may be able to later."""
        return self.code == 429 or self.code in {500, 502, 503, 504}

    @property
    def namespace_terminating(self) -> bool:
        """The namespace is being deleted, and takes nothing new."""
        return self.forbidden and any(c.get("reason") == "NamespaceTerminating" for c in self.causes)


def advice(error: Exception) -> str:
    """What to do about a refusal that the server's own words don't tell; "" if there is nothing to add."""
    if not isinstance(error, ApiError):
        return ""
    if error.code == 401:
        return _UNAUTHORIZED
    if error.namespace_terminating:
        return _TERMINATING
    if error.namespace_not_found:
        return _NO_NAMESPACE
    return _FORBIDDEN if error.forbidden else ""


class UnreachableError(Exception):
    """No answer from the API server: it can't be reached, or the connection broke each time."""


class LostAnswerError(Exception):
    """A request that must not be sent twice was sent, and what came of it is not known. `cause` is what came back instead."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class NoSuchKindError(Exception):
    """The API server knows no such kind. Its definition may be missing, or not be served yet."""

    def __init__(self, api_version: str, kind: str) -> None:
        self.api_version, self.kind = api_version, kind
        super().__init__(f'no matches for kind "{kind}" in version "{api_version}"')
