"""What differs between two configurations is told, and secrets are not."""

from __future__ import annotations

import json
from typing import Any

from tidegate.model.comparing import Values, compare, fingerprint, versions

ENVIRONMENT = {
    "name": "staging",
    "tier": "staging",
    "domain": "team.example",
    "registry": "ghcr.io/team",
    "namespace": "team",
    "team": "core",
    "cost_centre": "4711",
}


def values(*, value: str = "one", opaque: bool = False, **web: Any) -> Values:
    """A stack's configuration with one service."""
    config = {
        "environment": ENVIRONMENT,
        "services": {"web": {"image": "web", "version": "v1", **web}},
        "secrets": {"a": {"required": ["k"], "values": {"k": value}}},
    }
    texts = {f"tidegate:{key}": json.dumps(value) for key, value in config.items()}
    return Values({"aws:region": "eu", **texts}, frozenset({"tidegate:secrets"}), opaque)


def differences(before: Values, after: Values) -> list[tuple[str, str, Any, Any]]:
    """What differs, without the namespace and what is secret about it."""
    return [(d.path.removeprefix("tidegate:"), d.kind, d.before, d.after) for d in compare(before, after).differences]


def test_the_same_is_the_same() -> None:
    """Also when one side writes out what is the other's default, or keys of others differ."""
    assert differences(values(), values(drain="15s", replicas=2, env={})) == []
    assert differences(values(), Values({**values().texts, "aws:region": "us"})) == []


def test_what_is_changed_added_and_removed_is_told() -> None:
    """Each with what it was and what it is."""
    found = differences(values(replicas=3, env={"A": "1"}), values(version="v2", env={"B": "2"}, depends_on=[]))
    assert found == [
        ("services.web.version", "changed", "v1", "v2"),
        ("services.web.replicas", "changed", 3, 2),
        ("services.web.env.A", "removed", "1", None),
        ("services.web.env.B", "added", None, "2"),
    ]


def test_of_a_secret_only_that_it_changed() -> None:
    """Never what it is or was."""
    found = compare(values(value="one"), values(value="two"))
    (difference,) = found.differences
    assert (difference.path, difference.kind, difference.before, difference.after, difference.secret) == (
        "tidegate:secrets.a.values.k",
        "changed",
        None,
        None,
        True,
    )


def test_secrets_that_cant_be_decrypted_are_unknown() -> None:
    """Different ciphertexts may be the same secret; the same one is the same."""
    assert differences(values(value="v1:a"), values(value="v1:b", opaque=True)) == [("secrets.a.values.k", "unknown", None, None)]
    assert differences(values(value="v1:a", opaque=True), values(value="v1:a", opaque=True)) == []


def test_what_is_wrong_today_is_compared_as_it_is_written() -> None:
    """An update of long ago may have been told what isn't taken any more. Where anything was encrypted, nothing is shown."""
    old = values(replica=3, value="topsecret")
    hidden = Values(values(env={"TOKEN": "topsecret"}, replica=3).texts, frozenset({"tidegate:services", "tidegate:secrets"}))
    found = compare(old, values())
    assert found.as_written is not None
    assert "replica" in found.as_written
    assert differences(old, values(value="topsecret")) == [("services.web.replica", "removed", 3, None)]
    assert "topsecret" not in str(found) + str(compare(hidden, values()))
    assert ("services.web.env.TOKEN", "removed", None, None) in differences(hidden, values())


def test_the_hash_is_of_everything_but_the_event() -> None:
    """Secrets count; what a command asked for once doesn't, and neither does the order of keys."""
    one = values().texts
    assert fingerprint(one) == fingerprint(dict(sorted(one.items(), reverse=True)))
    assert fingerprint(one) == fingerprint({**one, "tidegate:event": '{"kind":"stage"}', "aws:region": "us"})
    assert fingerprint(one) != fingerprint(values(value="two").texts)
    assert fingerprint(one) != fingerprint(values(version="v2").texts)


def test_versions_are_told_of_any_configuration() -> None:
    """Also of one that is wrong, has none, or isn't ours."""
    assert versions(values(version="v7").texts) == {"web": "v7"}
    assert versions({"tidegate:services": '{"web": {"digest": "sha256:ab"}, "api": {}, "x": 5}'}) == {"web": "sha256:ab", "api": "?"}
    assert versions({"aws:region": "eu"}) == {}
    assert versions({"tidegate:services": "nonsense"}) == {}
