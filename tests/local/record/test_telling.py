"""Whoever the intent names is told, over real connections; and nothing of it is a release's trouble."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
import stamina

from tests.local.record.servers import mail, web
from tests.unit.tidegate.planner.world import intended
from tidegate.model.comparing import Values
from tidegate.model.happening import Happening
from tidegate.model.told import Told
from tidegate.record.telling import Tellers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.local.record.servers import Got
    from tidegate.model.asking import Asks

SECRET: Final = "T0P/S3CRET"
BEGUN: Final = Happening(
    "started", "production", "web v1 -> v2", "2026-01-01T12:00:00+00:00", "ann", "r2-abc", ("web", "api"), {"reason": "v2 is <out> & about"}
)
LEFT: Final = replace(BEGUN, kind="failed", text="r2-abc couldn't be taken back in full", more={"left": ["web: 5% on green"]})


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nobody waits between attempts."""
    with stamina.set_testing(True, attempts=3):
        yield


def told(sets: Mapping[str, Mapping[str, str]], **more: Any) -> Told:
    """A stack with these sets of secrets."""
    secrets = {name: {"required": list(values), "values": dict(values)} for name, values in sets.items()}
    intent = intended({"web": {}}, secrets=secrets, **more)
    return Told(Values({}), intent, "Pulumi.production.yaml")


def test_a_slack_channel() -> None:
    """What, where, who, why and what to do, as Slack takes it; only what it wants to know, and once."""
    with web() as slack:
        stack = told({"team": {"url": f"{slack.url}/{SECRET}"}}, notifications={"team": {"kind": "slack", "secret": "team"}})
        heard: list[str] = []
        with Tellers(stack, hear=lambda one: heard.append(one.kind)) as tellers:
            for happening in (BEGUN, replace(BEGUN, kind="look"), BEGUN, replace(BEGUN, kind="rolled-back", text="back after 3 s")):
                tellers.tell(happening)
            tellers.tell(replace(BEGUN, kind="rolled-back", text="back after 4 s"))
    assert heard == ["started", "look", "started", "rolled-back", "rolled-back"]
    assert [got.path for got in slack.got] == [f"/{SECRET}"] * 2
    assert slack.got[0].body["text"].splitlines() == [
        "*test (production): a release begins*",
        "web v1 -&gt; v2",
        "Why: v2 is &lt;out&gt; &amp; about",
        "Release r2-abc: web, api",
        "By ann, 2026-01-01T12:00:00+00:00",
    ]
    assert "`tidegate history --stack production --release r2-abc`" in slack.got[1].body["text"]


def test_a_webhook() -> None:
    """Documented JSON, signed, with an identity that stays when a driver that takes over tells it again."""
    with web() as hook:
        stack = told(
            {"hook": {"url": hook.url, "key": "k3y"}}, notifications={"hook": {"kind": "webhook", "secret": "hook", "events": ["step"]}}
        )
        for minutes in (5, 6):
            with Tellers(stack) as tellers:
                tellers.tell(replace(BEGUN, kind="step", text=f"25% after {minutes} minutes", more={"weight": 25}))
    first, second = hook.got
    assert first.headers["x-tidegate-delivery"] == second.headers["x-tidegate-delivery"] == first.body["id"]
    assert first.headers["x-tidegate-signature"] == "sha256=" + hmac.new(b"k3y", first.raw, hashlib.sha256).hexdigest()
    assert first.body == {
        "version": 1,
        "id": first.body["id"],
        "event": "step",
        "environment": "test",
        "stack": "production",
        "release": "r2-abc",
        "services": ["web", "api"],
        "title": "test (production): a release takes a step",
        "text": "25% after 5 minutes",
        "to_do": "",
        "by": "ann",
        "at": "2026-01-01T12:00:00+00:00",
        "more": {"weight": 25},
    }


def test_mail() -> None:
    """A letter to each who is to get one."""
    with mail() as (server, letters):
        values = {
            "smtp-url": f"smtp://bot%40shop.example:{SECRET.replace('/', '%2F')}@{server}",
            "recipients": "ann@shop.example, bob@shop.example",
        }
        with Tellers(told({"post": values}, notifications={"post": {"kind": "email", "secret": "post"}})) as tellers:
            tellers.tell(BEGUN)
    (letter,) = letters
    assert "Subject: test (production): a release begins" in letter
    assert "From: bot@shop.example" in letter
    assert "To: ann@shop.example, bob@shop.example" in letter
    assert "web v1 -> v2" in letter
    assert SECRET not in letter


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        ("slack", {"url": f"http://127.0.0.1:1/{SECRET}"}, "it can't be reached (ConnectError)"),
        ("slack", {"url": f"{SECRET}"}, "its address is none"),
        ("slack", {"url": f"ftp://{SECRET}"}, "its address is none"),
        ("email", {"smtp-url": f"smtp://user:{SECRET}@127.0.0.1:1", "recipients": "a@b.example"}, "the set's smtp-url is none"),
        ("email", {"smtp-url": "smtp://user:word@127.0.0.1:1", "recipients": "a@b.example"}, "the mail server can't be reached"),
        ("email", {"smtp-url": "imap://mail.example", "recipients": "a@b.example"}, "the set's smtp-url is none"),
    ],
)
def test_who_can_t_be_told(kind: str, values: dict[str, str], text: str) -> None:
    """A warning that says who and why, and nothing that is a secret."""
    warnings: list[str] = []
    with Tellers(told({"set": values}, notifications={"team": {"kind": kind, "secret": "set"}}), warn=warnings.append) as tellers:
        tellers.tell(BEGUN)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"team ({kind}) couldn't be told of `started`: ")
    assert text in warnings[0]
    assert "S3CRET" not in warnings[0]


@pytest.mark.parametrize(("kind", "code", "times"), [("slack", 404, 1), ("slack", 500, 1), ("slack", 429, 3), ("webhook", 503, 3)])
def test_what_is_sent_again(kind: str, code: int, times: int, caplog: pytest.LogCaptureFixture) -> None:
    """What may have been taken is sent again only to who knows it by its identity; the address is in no log."""
    warnings: list[str] = []
    caplog.set_level(logging.DEBUG)
    with web(lambda _: (code, SECRET)) as server:
        stack = told({"set": {"url": f"{server.url}/{SECRET}"}}, notifications={"team": {"kind": kind, "secret": "set"}})
        with Tellers(stack, warn=warnings.append) as tellers:
            tellers.tell(BEGUN)
    assert len(server.got) == times
    assert f"it answers HTTP {code}" in warnings[0]
    assert "S3CRET" not in caplog.text + warnings[0]


def test_nobody_waits_for_a_slow_one() -> None:
    """Telling returns at once, and those who are quick are told meanwhile."""
    going = threading.Event()
    with web(lambda _: (200, "ok") if going.wait(20) else (500, "")) as slow, web() as quick:
        sets = {"slow": {"url": slow.url}, "quick": {"url": quick.url}}
        stack = told(sets, notifications={name: {"kind": "slack", "secret": name} for name in sets})
        with Tellers(stack) as tellers:
            tellers.tell(BEGUN)
            tellers.tell(replace(BEGUN, kind="promoted"))
            while len(quick.got) < 2:
                assert not going.wait(0.01)
            assert len(slow.got) <= 1
            going.set()
    assert len(slow.got) == 2


def test_nobody_listens() -> None:
    """A terminal that is closed keeps nobody else from being told."""

    def closed(_: Happening) -> None:
        raise BrokenPipeError

    with web() as slack:
        stack = told({"team": {"url": slack.url}}, notifications={"team": {"kind": "slack", "secret": "team"}})
        with Tellers(stack, hear=closed) as tellers:
            tellers.tell(BEGUN)
    assert len(slack.got) == 1


def issues(open_: list[dict[str, Any]]) -> Any:
    """GitHub, as far as issues go."""

    def answer(got: Got) -> tuple[int, Any]:
        if got.method == "POST":
            open_.append({**got.body, "html_url": f"https://github.example/team/shop/issues/{len(open_) + 1}"})
            return 201, open_[-1]
        return 200, open_

    return answer


def test_incidents() -> None:
    """Each who is called takes one incident a release, though two drivers call; where they are is said."""
    there: list[dict[str, Any]] = [{"body": None, "html_url": "https://github.example/team/shop/issues/1"}]
    with (
        web(issues(there)) as github,
        web(lambda _: (202, {"status": "success"})) as pager,
        web(lambda _: (200, {"url": "https://ops.example/7"})) as hook,
    ):
        sets = {"gh": {"token": SECRET}, "pd": {"pagerduty-key": SECRET}, "hook": {"url": hook.url, "key": "k3y"}}
        incidents = {
            "repository": {"kind": "github", "secret": "gh", "repository": "team/shop", "api": github.url},
            "on-call": {"kind": "pagerduty", "secret": "pd", "api": pager.url},
            "ops": {"kind": "webhook", "secret": "hook"},
        }
        where = []
        for _ in range(2):
            with Tellers(told(sets, incidents=incidents)) as tellers:
                where += [tellers.incident(LEFT), tellers.incident(LEFT)]
    assert where == ["https://github.example/team/shop/issues/2, PagerDuty, production/r2-abc, https://ops.example/7"] * 4
    assert len(there) == 2
    assert there[1]["title"] == "test (production): a release needs a person"
    assert "`tidegate resume --stack production` tries again" in there[1]["body"]
    assert [got.headers["authorization"] for got in github.got] == [f"Bearer {SECRET}"] * 3
    assert {got.path for got in pager.got} == {"/v2/enqueue"}
    event = pager.got[0].body
    assert (event["dedup_key"], event["event_action"], event["payload"]["severity"]) == ("production/r2-abc", "trigger", "critical")
    assert hook.got[0].body["event"] == "incident"
    assert len(hook.got) == 2


def test_nobody_takes_an_incident() -> None:
    """It says so, with a warning for each who couldn't be called; the next call tries again."""
    warnings: list[str] = []
    with web(lambda _: (403, SECRET)) as github:
        settings = {"repository": {"kind": "github", "secret": "gh", "repository": "team/shop", "api": github.url}}
        with Tellers(told({"gh": {"token": SECRET}}, incidents=settings), warn=warnings.append) as tellers:
            assert [tellers.incident(LEFT), tellers.incident(LEFT)] == [None, None]
    assert warnings == ["repository (github) couldn't be called: it answers HTTP 403 Forbidden"] * 2
    assert Tellers(told({})).incident(LEFT) is None


def test_secrets_from_a_store_outside() -> None:
    """What the External Secrets Operator has brought into the cluster is read there, when it is needed."""
    outside = {"hook": {"required": ["url"], "external": {"store": "vault", "path": "hook"}}}
    with web() as hook:
        config = intended({"web": {}}, secrets=outside, notifications={"hook": {"kind": "webhook", "secret": "hook"}})
        stack, warnings = Told(Values({}), config, "Pulumi.production.yaml"), list[str]()

        def ask(path: str, _: Mapping[str, str]) -> tuple[int, Any]:
            assert path == "/api/v1/namespaces/test/secrets/hook"
            return 200, {"data": {"url": base64.b64encode(hook.url.encode()).decode()}}

        def refuse(_: str, __: Mapping[str, str]) -> tuple[int, Any]:
            return 403, "no"

        answers: tuple[Asks | None, ...] = (ask, refuse, None)
        for asks in answers:
            with Tellers(stack, asks, warn=warnings.append) as tellers:
                tellers.tell(BEGUN)
    assert len(hook.got) == 1
    assert [text.partition(": ")[2] for text in warnings] == [
        "the Secret test/hook can't be read from the cluster (HTTP 403)",
        "the values of the set hook are in a store outside, and there is no cluster that has them",
    ]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"kind": "github", "secret": "gh"}, "kind github opens issues in one"),
        ({"kind": "pagerduty", "secret": "gh"}, "must have pagerduty-key among its required keys"),
        ({"kind": "pagerduty", "secret": "nobody"}, "there is no set nobody"),
        ({"kind": "webhook", "secret": "gh", "api": "https://x.example"}, "a webhook's address is in its set"),
    ],
)
def test_settings_that_don_t_fit(settings: dict[str, str], text: str) -> None:
    """They are refused before anything runs."""
    with pytest.raises(ValueError, match=text):
        told({"gh": {"token": json.dumps(SECRET), "url": "x"}}, incidents={"one": settings})
