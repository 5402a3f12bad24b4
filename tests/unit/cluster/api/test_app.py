"""The app itself: what becomes of a request that nobody foresaw."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from embedded.cluster.api.app import Api
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.registry.registry import Registry
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.store.store import Store

if TYPE_CHECKING:
    import pytest
    from starlette.types import Message


def test_a_bug_is_an_answer_too(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """With status 500, and the traceback in the log."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    clock = Clock()
    registry = Registry(Store(), Catalogue.load(), clock, Draws(), Journal(clock))
    monkeypatch.setattr(registry, "list", broken)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/api/v1/pods", "query_string": b"", "headers": []}
    asyncio.run(Api(registry)(scope, receive, send))
    assert (sent[0]["status"], json.loads(sent[1]["body"])["reason"]) == (500, "InternalError")
    assert "RuntimeError: a bug" in caplog.text
