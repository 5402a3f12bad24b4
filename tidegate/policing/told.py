"""What a stack's file says of policies: also that of a stack which is none of Tidegate's, and has nothing else of ours in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.policies import Policies
from tidegate.model.loading import load
from tidegate.model.stackfile import read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_POLICIES: Final = "tidegate:policies"
_ENVIRONMENT: Final = "tidegate:environment"
_SERVICES: Final = "tidegate:services"
STRICTEST: Final = "production"
"""Of a stack that doesn't say its tier."""
USUAL: Final = "staging"
"""Of manifests that nobody says are production's: what only production asks for isn't asked of them."""


def of_file(file: Path, project: str) -> tuple[Policies, str]:
    """How a stack is to be judged, by its file, and its tier."""
    found = read(file, project)
    if _SERVICES in found.config:
        intent = load(file, project).required()
        return intent.policies, intent.environment.tier
    if found.slips:
        raise ConfigurationError("; ".join(f"{file}: {slip.message}" for slip in found.slips))
    return of_config(found.config, str(file))


def packs_of(file: Path, project: str) -> tuple[str, ...]:
    """The packs that a stack's releases obey, as its file names them."""
    return load(file, project).required().releases.packs if _SERVICES in read(file, project).config else ()


def of_config(config: Mapping[str, Any], where: str) -> tuple[Policies, str]:
    """The same, by configuration, as text or as it is written."""
    said, place = _parsed(config.get(_POLICIES)), _parsed(config.get(_ENVIRONMENT))
    tier = place.get("tier") if isinstance(place, dict) else None
    try:
        return Policies.model_validate_json(json.dumps(said or {})), tier or STRICTEST
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False, include_url=False))
        raise ConfigurationError(f"{where}: {_POLICIES}: {wrong}") from None


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
