"""The API's errors: what a client gets as a `Status` object, with the texts of the real server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object: `reason` as in FieldValueInvalid, `field` as in spec.ports[0].port."""

    reason: str
    message: str
    field: str

    def data(self) -> dict[str, str]:
        """As in a Status."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class StatusError(Exception):
    """A request's refusal."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details, self.retry_after = code, reason, message, details or {}, retry_after

    def status(self) -> dict[str, Any]:
        """The body of the answer."""
        details = dict(self.details)
        if self.retry_after is not None:
            details["retryAfterSeconds"] = self.retry_after
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            body["reason"] = self.reason
        if details:
            body["details"] = details
        return body | {"code": self.code}


def _about(group: str, kind: str, name: str) -> dict[str, Any]:
    return {k: v for k, v in (("name", name), ("group", group), ("kind", kind)) if v}


def qualified(group: str, plural: str) -> str:
    """A resource as the texts name it: `deployments.apps`."""
    return f"{plural}.{group}" if group else plural


def not_found(group: str, plural: str, name: str) -> StatusError:
    """There is no such object."""
    return StatusError(404, "NotFound", f'{qualified(group, plural)} "{name}" not found', _about(group, plural, name))


def no_such_resource() -> StatusError:
    """There is no such kind of object."""
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def already_exists(group: str, plural: str, name: str) -> StatusError:
    """The name is taken."""
    return StatusError(409, "AlreadyExists", f'{qualified(group, plural)} "{name}" already exists', _about(group, plural, name))


def conflict(group: str, plural: str, name: str, why: str) -> StatusError:
    """The object is not what the client thinks it is."""
    message = f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {why}'
    return StatusError(409, "Conflict", message, _about(group, plural, name))


def modified(group: str, plural: str, name: str) -> StatusError:
    """Somebody else was faster."""
    return conflict(group, plural, name, "the object has been modified; please apply your changes to the latest version and try again")


def invalid(group: str, kind: str, name: str, causes: list[Cause]) -> StatusError:
    """The object breaks rules; the text names each field."""
    found = [f"{c.field}: {c.message}" for c in causes]
    text = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
    message = f'{qualified(group, kind)} "{name}" is invalid: {text}'
    details = _about(group, kind, name) | {"causes": [c.data() for c in causes]}
    return StatusError(422, "Invalid", message, details)


def bad_request(message: str) -> StatusError:
    """The request makes no sense."""
    return StatusError(400, "BadRequest", message)


def forbidden(group: str, plural: str, name: str, why: str, causes: list[Cause] | None = None) -> StatusError:
    """Not allowed, and why."""
    details = _about(group, plural, name) | ({"causes": [c.data() for c in causes]} if causes else {})
    return StatusError(403, "Forbidden", f'{qualified(group, plural)} "{name}" is forbidden: {why}', details)


def expired(message: str) -> StatusError:
    """The version asked for is no longer known: list again."""
    return StatusError(410, "Expired", message)


def unauthorized() -> StatusError:
    """Nobody we know."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def method_not_allowed(method: str) -> StatusError:
    """The resource has no such verb."""
    return StatusError(405, "MethodNotAllowed", f"the server does not allow this method on the requested resource: {method}")


def not_acceptable() -> StatusError:
    """No content type that the client takes."""
    return StatusError(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml")


def unsupported_media(given: str, accepted: list[str]) -> StatusError:
    """A body in a form that can't be read."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)} (got {given!r})"
    return StatusError(415, "UnsupportedMediaType", message)


def too_many(message: str, retry_after: int = 1, causes: list[Cause] | None = None) -> StatusError:
    """Come back later."""
    details = {"causes": [c.data() for c in causes]} if causes else None
    return StatusError(429, "TooManyRequests", message, details, retry_after)


def server_error(code: int, message: str) -> StatusError:
    """The server itself failed."""
    reasons = {500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}
    return StatusError(code, reasons.get(code, "InternalError"), message)
