"""Those who are called when a person must see to something. Each opens one incident a release, however often it is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol

from tidegate.record.documents import document
from tidegate.record.posting import UntoldError, send
from tidegate.record.senders import posted
from tidegate.record.wording import message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.happening import Happening
    from tidegate.model.intent.notifications import Incident

_GITHUB: Final = "https://api.github.com"
_PAGERDUTY: Final = "https://events.pagerduty.com"
_LONGEST: Final = 255
# Of what PagerDuty takes as a summary, and of the issues that are looked through.
_SUMMARY: Final = 1024
_PAGE: Final = 100


class Caller(Protocol):
    """Opens an incident, and says where it is. `UntoldError` if that can't be done."""

    def __call__(self, settings: Incident, values: Mapping[str, str], happening: Happening, environment: str, /) -> str:
        """Open it; `values` are those of the set of secrets."""


def webhook(_: Incident, values: Mapping[str, str], happening: Happening, environment: str) -> str:
    """Whoever takes the documented JSON; the same `id` is the same incident."""
    return posted(values, happening, document(happening, environment, incident=True)) or "a webhook"


def github(settings: Incident, values: Mapping[str, str], happening: Happening, environment: str) -> str:
    """An issue; one that is open for the release already is enough."""
    told, mark = message(happening, environment, incident=True), f"<!-- tidegate {_key(happening)} -->"
    url = f"{(settings.api or _GITHUB).rstrip('/')}/repos/{settings.repository}/issues"
    headers = {
        "Authorization": f"Bearer {values['token']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "tidegate",
    }
    listed = send("GET", f"{url}?state=open&sort=created&direction=desc&per_page={_PAGE}", headers=headers, repeat=True)
    for issue in listed.body if isinstance(listed.body, list) else []:
        if mark in (issue.get("body") or ""):
            return str(issue.get("html_url"))
    body = json.dumps({"title": told.title, "body": f"{told.text}\n\n{mark}\n"}).encode()
    reply = send("POST", url, body=body, headers=headers, repeat=False)
    if not isinstance(reply.body, dict) or "html_url" not in reply.body:
        raise UntoldError("what answers there is no GitHub")
    return str(reply.body["html_url"])


def pagerduty(settings: Incident, values: Mapping[str, str], happening: Happening, environment: str) -> str:
    """An event of PagerDuty's, version 2."""
    told, key = message(happening, environment, incident=True), _key(happening)[:_LONGEST]
    payload = {
        "summary": f"{told.title}: {happening.text}"[:_SUMMARY],
        "source": happening.stack,
        "severity": "critical",
        "timestamp": happening.at,
        "component": ", ".join(happening.services),
        "group": environment,
        "class": "release",
        "custom_details": {"release": happening.release, "by": happening.by, "to do": told.to_do},
    }
    event = {"routing_key": values["pagerduty-key"], "event_action": "trigger", "dedup_key": key, "payload": payload}
    url = f"{(settings.api or _PAGERDUTY).rstrip('/')}/v2/enqueue"
    send("POST", url, body=json.dumps(event).encode(), headers={"Content-Type": "application/json"}, repeat=True)
    return f"PagerDuty, {key}"


def _key(happening: Happening) -> str:
    return f"{happening.stack}/{happening.release or happening.at}"


CALLERS: Final[Mapping[str, Caller]] = {"webhook": webhook, "github": github, "pagerduty": pagerduty}
"""By kind of incident."""
