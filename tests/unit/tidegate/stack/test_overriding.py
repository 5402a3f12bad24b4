"""Versions and images from the command line: what they change of the configuration, and what is no version or image."""

from __future__ import annotations

import json

import pytest

from tidegate.model.comparing import Values
from tidegate.model.errors import ConfigurationError
from tidegate.model.loading import from_config
from tidegate.stack.overriding import SERVICES, difference, overridden, overrides

_OLD, _NEW = (f"sha256:{letter * 64}" for letter in "ab")
_ENVIRONMENT = {
    "name": "t",
    "tier": "local",
    "domain": "t.example",
    "registry": "ghcr.io/a",
    "namespace": "a",
    "team": "a",
    "cost_centre": "1",
}


def values() -> Values:
    """A configuration of two services and a data service."""
    services = {"web": {"image": "web", "version": "v1"}, "pinned": {"image": "pinned", "version": "v1", "digest": _OLD}}
    data = {"redis": {"kind": "redis", "storage": "1Gi", "secret": "keys"}}
    secrets = {"keys": {"required": ["redis-password"], "values": {"redis-password": "x"}}}
    keys = {"environment": _ENVIRONMENT, "services": services, "data": data, "secrets": secrets}
    return Values({f"tidegate:{key}": json.dumps(value) for key, value in keys.items()})


INTENT = from_config(values().texts).required()


@pytest.mark.parametrize(
    ("versions", "images", "found"),
    [
        ({}, {}, {}),
        ({"web": "v2"}, {}, {"web": {"version": "v2"}}),
        ({"web": "v1", "pinned": "v1"}, {}, {}),
        ({}, {"web": f"ghcr.io/a/web@{_NEW}"}, {"web": {"version": "sha256-bbbbbbbbbbbb", "digest": _NEW}}),
        ({}, {"web": f"web:v2@{_NEW}"}, {"web": {"version": "v2", "digest": _NEW}}),
        ({"web": "v2"}, {"web": f"web@{_NEW}"}, {"web": {"version": "v2", "digest": _NEW}}),
        ({}, {"web": f"localhost:5000/b/web:v1@{_NEW}"}, {"web": {"image": "localhost:5000/b/web", "digest": _NEW}}),
        ({}, {"pinned": f"pinned:v2@{_NEW}"}, {"pinned": {"version": "v2", "digest": _NEW}}),
    ],
)
def test_what_they_change(versions: dict[str, str], images: dict[str, str], found: dict[str, dict[str, str]]) -> None:
    """Only what is another than before; the configuration is then right, and has just that."""
    given = overrides(INTENT, versions, images)
    assert given == found
    after = overridden(values(), given)
    services = from_config(after.texts).required().services
    for name, service in INTENT.services.items():
        assert services[name] == service.model_copy(update=found.get(name, {}))
    assert {key for key in after.texts if after.texts[key] != values().texts[key]} <= {SERVICES}
    assert difference(INTENT, from_config(after.texts).required()) == found


@pytest.mark.parametrize(
    ("versions", "images", "says"),
    [
        ({"wbe": "v2", "x": "v1"}, {}, "there is no service wbe; did you mean web\\?\nthere is no service x; known: pinned and web"),
        ({"redis": "9"}, {}, "redis is a data service"),
        ({"pinned": "v2"}, {}, f"pinned is pinned to {_OLD}: .*--image pinned=pinned:v2@sha256"),
        ({}, {"web": "web:v2"}, "the image 'web:v2' of web is not pinned"),
        ({}, {"web": f"@{_NEW}"}, "is not pinned"),
        ({}, {"web": "web@sha256:abc"}, "is not pinned"),
        ({"web": "v2"}, {"web": f"web:v3@{_NEW}"}, "was given version v2 and an image with the tag v3"),
    ],
)
def test_what_can_not_be(versions: dict[str, str], images: dict[str, str], says: str) -> None:
    """Each is said with what to do."""
    with pytest.raises(ConfigurationError, match=says):
        overrides(INTENT, versions, images)
