"""Versions and images given at the command line, in the place of those that a stack's file says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.gojson import dumps
from tidegate.model.base import NAMESPACE
from tidegate.model.errors import ConfigurationError
from tidegate.model.phrases import close, listed
from tidegate.model.slots import image_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.comparing import Values
    from tidegate.model.intent.intent import Intent
    from tidegate.model.intent.service import Service

Overrides = dict[str, dict[str, str]]
"""By service: what of `image`, `version` and `digest` is to be another."""

SERVICES: Final = f"{NAMESPACE}:services"
_IMAGE: Final = re.compile(r"(?P<name>[^@\s]+?)(?::(?P<tag>[^:/@\s]+))?@(?P<digest>sha256:[0-9a-f]{64})")
_SHOWN: Final = 12


def overrides(intent: Intent, versions: Mapping[str, str], images: Mapping[str, str]) -> Overrides:
    """What is to be written so that these services have these versions and images; ConfigurationError if it can't be."""
    wrong = [_unknown(intent, name) for name in {**versions, **images} if name not in intent.services]
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    found: Overrides = {}
    for name in {**versions, **images}:
        service = intent.services[name]
        wanted = _pinned(intent, name, images[name], versions.get(name)) if name in images else _versioned(name, service, versions[name])
        changed = {key: value for key, value in wanted.items() if getattr(service, key) != value}
        if changed:
            found[name] = changed
    return found


def overridden(values: Values, given: Overrides) -> Values:
    """The configuration with them in it, spelled as the engine spells it."""
    if not given:
        return values
    services = json.loads(values.texts[SERVICES])
    return replace(values, texts={**values.texts, SERVICES: dumps(_sorted(merged(services, given)), html=True)})


def merged(services: Mapping[str, Any], given: Overrides) -> dict[str, Any]:
    """The services with them in it."""
    return {name: {**service, **given.get(name, {})} for name, service in services.items()}


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _sorted(part) for key, part in sorted(value.items())}
        case list():
            return [_sorted(part) for part in value]
        case _:
            return value


def difference(old: Intent, new: Intent) -> Overrides:
    """What makes the versions and images of one intent those of another, for the services that both have."""
    found: Overrides = {}
    for name, service in new.services.items():
        before = old.services.get(name)
        if before is not None:
            pairs = ((key, getattr(before, key), getattr(service, key)) for key in ("image", "version", "digest"))
            changed = {key: value for key, was, value in pairs if value is not None and value != was}
            if changed:
                found[name] = changed
    return found


def _unknown(intent: Intent, name: str) -> str:
    if name in intent.data:
        return f"{name} is a data service, which is not released: change it in the stack's file, and `pulumi up`"
    known = sorted(intent.services)
    meant = close(name, known)
    hint = f"did you mean {meant}?" if meant else f"known: {listed(known, 'and')}"
    return f"there is no service {name}; {hint}"


def _versioned(name: str, service: Service, version: str) -> dict[str, str]:
    if service.digest is not None and version != service.version:
        raise ConfigurationError(
            f"{name} is pinned to {service.digest}: another version alone would still run that image. Say which one {version} is: "
            f"--image {name}={service.image}:{version}@sha256:..."
        )
    return {"version": version}


def _pinned(intent: Intent, name: str, ref: str, version: str | None) -> dict[str, str]:
    """An image by its digest. Its version is the one given, or its tag, or what a digest is called that has neither."""
    found = _IMAGE.fullmatch(ref)
    if found is None:
        raise ConfigurationError(
            f"the image {ref!r} of {name} is not pinned: give its name and digest, such as ghcr.io/team/{name}:v2@sha256:..., with the 64 "
            "hexadecimal digits that the registry says; for a tag alone, give the version"
        )
    if version is not None and found["tag"] not in (None, version):
        raise ConfigurationError(f"{name} was given version {version} and an image with the tag {found['tag']}; which is it?")
    registry, service = intent.environment.registry, intent.services[name]
    same = image_of(registry, service.image, "", None) == image_of(registry, found["name"], "", None)
    return {
        "image": service.image if same else found["name"],
        "version": version or found["tag"] or found["digest"].replace(":", "-")[: len("sha256-") + _SHOWN],
        "digest": found["digest"],
    }
