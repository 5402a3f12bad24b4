"""Why the planner says no: one named rule a kind, so that scripts, tests and dashboards can tell them apart.

A refusal is raised before anything is changed. Its text says what was asked, where, and what to do instead.
"""

from __future__ import annotations

from typing import Literal, get_args

from tidegate.model.errors import GateRefusedError

Rule = Literal[
    "no-ledger",
    "moved-on",
    "frozen",
    "no-release",
    "release-under-way",
    "being-watched",
    "already-promoted",
    "unfinished-move",
    "paused",
    "no-weights",
    "weight-falls",
    "weight-below-100",
    "not-ready",
    "live-keeps-size",
    "kept",
    "nothing-to-go-back-to",
    "contract-migration",
    "unknown-service",
    "renamed-and-changed",
    "lost-spec",
]
RULES: tuple[Rule, ...] = get_args(Rule)


class Refusal(GateRefusedError):  # noqa: N818 - the word that everything says for it
    """A step that would break one of the planner's rules."""

    def __init__(self, rule: Rule, text: str) -> None:
        super().__init__(f"{text} [{rule}]")
        self.rule = rule
