"""An intent in full says of each setting what holds, and where that comes from."""

from __future__ import annotations

import json
from typing import Any

from embedded.engine.settings import yamltext
from tidegate.model.loading import from_config
from tidegate.model.resolving import as_yaml, resolved, tree

ENVIRONMENT = {
    "name": "production",
    "tier": "production",
    "domain": "team.example",
    "registry": "ghcr.io/team",
    "namespace": "team",
    "team": "core",
    "cost_centre": "4711",
}
WEB = {"image": "web", "version": "v1", "ports": {"http": 3000}, "env": {"A": "1", "B": "yes"}, "config": {"/etc/a.txt": "x: 1\ny: |\n"}}
SECRETS = {"a": {"required": ["k"], "values": {"k": "topsecret"}}}


def settings(**more: Any) -> dict[str, tuple[Any, str | None]]:
    """Value and origin of every setting of the service `web`."""
    config = {"environment": ENVIRONMENT, "services": {"web": WEB | more}, "secrets": SECRETS}
    intent = from_config({f"tidegate:{key}": json.dumps(value) for key, value in config.items()}).required()
    return {".".join(map(str, s.path)).removeprefix("services.web."): (s.shown, s.origin) for s in resolved(intent)}


def test_what_the_user_wrote_comes_from_nowhere_else() -> None:
    """Also where it is what the default would be."""
    found = settings(drain="15s")
    assert found["version"] == ("v1", None)
    assert found["drain"] == ("15s", None)
    assert found["grace"] == ("60s", "default")
    assert found["probes.ready.path"] == ("/ready", "default")


def test_sizes_come_from_the_tier_or_the_environment() -> None:
    """What the service doesn't say, others do."""
    found = settings()
    assert found["replicas"] == (5, "tier production")
    assert found["resources.limits.memory"] == ("4Gi", "tier production")
    assert settings(autoscaling={"max": 9})["replicas"] == (None, "default")
    assert settings(replicas=3)["replicas"] == (3, None)


def test_the_version_may_come_from_the_digest() -> None:
    """And says so."""
    found = settings(version="v2", digest=f"sha256:{'ab' * 32}")
    assert found["version"] == ("v2", None)


def test_secrets_are_masked() -> None:
    """In every form."""
    config = {"environment": ENVIRONMENT, "services": {"web": WEB}, "secrets": SECRETS}
    intent = from_config({f"tidegate:{key}": json.dumps(value) for key, value in config.items()}).required()
    found = resolved(intent)
    assert tree(found)["secrets"]["a"]["values"] == {"k": "[secret]"}
    assert "topsecret" not in str(as_yaml(found)) + str(tree(found)) + json.dumps([s.shown for s in found])


def test_the_yaml_reads_back_as_what_it_shows() -> None:
    """Texts that look like something else are quoted, blocks stay blocks, lists of mappings are lists."""
    steps = [{"weight": 25}, {"weight": 100, "soak": "1m"}]
    config = {
        "environment": ENVIRONMENT | {"gateway": {"name": "a", "namespace": "b"}},
        "services": {
            "web": WEB
            | {"strategy": "canary", "traffic": {"kind": "gateway", "host": "a"}, "steps": steps, "egress": [{"ports": [443, 80]}]}
        },
        "secrets": SECRETS,
    }
    intent = from_config({f"tidegate:{key}": json.dumps(value) for key, value in config.items()}).required()
    lines = as_yaml(resolved(intent))
    read = yamltext.load("\n".join(f"{line}  # {origin}" if origin else line for line, origin in lines), "")
    web = read["services"]["web"]
    assert web["env"] == {"A": "1", "B": "yes"}
    assert web["config"] == {"/etc/a.txt": "x: 1\ny: |\n"}
    assert web["steps"] == [{"weight": 25, "soak": "5m"}, {"weight": 100, "soak": "1m"}]
    assert web["egress"] == [{"cidr": "0.0.0.0/0", "ports": [443, 80]}]
    assert read["environment"]["cost_centre"] == "4711"
    assert ("      - weight: 25", "") in lines
    assert ("        soak: 5m", "default") in lines
