"""The example's intents, and small ones made for a test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tidegate.model.intent.intent import Intent

_ROOT: Final = Path(__file__).resolve().parents[3]
_PREFIX: Final = "tidegate:"


@cache
def example(stack: str) -> Intent:
    """The intent of one of the example's stacks."""
    config = yaml.safe_load((_ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return Intent.model_validate({k.removeprefix(_PREFIX): v for k, v in config.items() if k.startswith(_PREFIX)}, strict=False)


def small(services: dict[str, Any], environment: dict[str, Any] | None = None, **more: Any) -> Intent:
    """An intent of these services."""
    place = {
        "name": "dev", "tier": "local", "domain": "shop.example", "registry": "registry.example/shop", "namespace": "shop",
        "team": "shop", "cost_centre": "1", "gateway": {"name": "public", "namespace": "gateways"},
    }  # fmt: skip
    found = {name: {"image": name, "version": "v1", **service} for name, service in services.items()}
    return Intent.model_validate({"environment": place | (environment or {}), "services": found, **more}, strict=False)
