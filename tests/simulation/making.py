"""Intents of made-up stacks: a few shapes, any versions."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.unit.tidegate.planner.world import ENVIRONMENT
from tidegate.model.comparing import Values
from tidegate.model.intent.intent import Intent
from tidegate.model.told import Told

PATIENCE = {"lock": "2m", "backend": "2m", "cluster": "1m", "metrics": "1m", "health": "30s", "routes": "30s"}
RELEASES: dict[str, Any] = {"bake": "1m", "deadline": "30m", "attempts": 2, "patience": PATIENCE}
ANALYSIS: dict[str, Any] = {"interval": "20s", "window": "20s", "failures": 1}
COMMON: dict[str, Any] = {"replicas": 2, "ready_within": "1m", "keep": "10m"}


def canary(*steps: tuple[int, str], analysis: bool = True, **more: Any) -> dict[str, Any]:
    """A service that takes traffic by weights."""
    return {
        **COMMON,
        "strategy": "canary",
        "traffic": {"kind": "gateway"},
        "steps": [{"weight": weight, "soak": soak} for weight, soak in steps],
        **({"analysis": ANALYSIS} if analysis else {}),
        **more,
    }


SHAPES: dict[str, dict[str, dict[str, Any]]] = {
    "one": {"web": canary((10, "1m"), (50, "40s"), (100, "20s"))},
    "straight": {"store": {**COMMON, "analysis": ANALYSIS}},
    "three": {
        "store": {**COMMON},
        "api": canary((25, "40s"), (100, "40s"), depends_on=["store"]),
        "web": canary((10, "1m"), (50, "20s"), (100, "20s"), depends_on=["api"]),
    },
    "blind": {"web": canary((20, "30s"), (100, "30s"), analysis=False)},
    "checked": {"web": canary((50, "40s"), (100, "20s"), checks={"end_to_end": {"paths": ["/"]}})},
}
"""Services, by the name of what they are like together."""

PEOPLE: dict[str, Any] = {
    name: {"identities": [{"kind": "ssh", "key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{name * 8}{'A' * (43 - 8 * len(name))}"}]}
    for name in ("ada", "bob")
}


@cache
def told(shape: str, versions: tuple[tuple[str, str], ...], before: tuple[str, ...] = (), supersede: str = "refuse") -> Told:
    """What a stack of this shape is told, with these versions; `before`: the steps that two people must approve."""
    wanted = dict(versions)
    services = {
        name: {
            "image": name,
            "version": wanted.get(name, "v1"),
            **said,
            **({"traffic": {"host": name, **said["traffic"]}} if "traffic" in said else {}),
        }
        for name, said in SHAPES[shape].items()
    }
    raw: dict[str, Any] = {
        "environment": ENVIRONMENT,
        "services": services,
        "monitoring": {"kind": "none"},
        "releases": {**RELEASES, "supersede": supersede},
    }
    if before:
        approval = {"approvers": list(PEOPLE), "count": 2, "timeout": "2m", "before": list(before)}
        raw["gates"] = {"people": PEOPLE, "approvals": {"managers": approval}}
    texts = {f"tidegate:{key}": json.dumps(value) for key, value in raw.items()}
    return Told(Values({"shape": shape, **texts}), Intent.model_validate_json(json.dumps(raw)), f"{shape} {wanted}")
