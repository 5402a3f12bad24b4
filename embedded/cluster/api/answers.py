"""Answers: encoded, with the headers that Kubernetes' clients expect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

if TYPE_CHECKING:
    from starlette.types import Send

    from embedded.cluster.api.forms import Form
    from embedded.cluster.model.errors import StatusError

encode: Final = msgspec.json.Encoder().encode
_JSON: Final = b"application/json"
_YAML: Final = b"application/yaml"
_NO_CACHE: Final = (b"cache-control", b"no-cache, private")
_LONGEST_WARNING: Final = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: data, or text as it is."""

    data: Any
    code: int = 200
    content_type: str = ""
    warnings: list[str] = field(default_factory=list)
    headers: tuple[tuple[bytes, bytes], ...] = ()


def refusal(error: StatusError) -> Answer:
    """An error's answer."""
    headers = () if error.retry_after is None else ((b"retry-after", str(error.retry_after).encode()),)
    return Answer(error.status(), error.code, headers=headers)


async def send_answer(answer: Answer, form: Form, send: Send) -> None:
    """Send it in the form that the client asked for."""
    if answer.content_type:
        body, media = answer.data, answer.content_type.encode()
    elif form.yaml:
        body, media = yaml.safe_dump(answer.data, sort_keys=False).encode(), _YAML
    else:
        body, media = encode(answer.data), _JSON
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode()), *answer.headers]
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append(_NO_CACHE)
    headers += [(b"warning", _warning(text)) for text in answer.warnings]
    await send({"type": "http.response.start", "status": answer.code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _warning(text: str) -> bytes:
    quoted = text[:_LONGEST_WARNING].replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'299 - "{quoted}"'.encode("ascii", "replace")
