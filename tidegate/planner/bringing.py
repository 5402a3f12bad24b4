"""What a release brings, as one hash: what people approve is this and nothing else, down to the last setting and secret."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tidegate.model.slots import desired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.model.intent.intent import Intent
    from tidegate.model.slots import SlotSpec


def brings(intent: Intent, names: Iterable[str]) -> str:
    """The hash of all that a release of these services would bring: `Release.brings`, also of one that is only planned."""
    return hash_of({name: desired(intent, name) for name in names})


def hash_of(specs: Mapping[str, SlotSpec]) -> str:
    """The hash of what services run, by name. Secrets are in it by their hash; in whole length, for signatures are for it."""
    # What a later Tidegate adds, and nobody has set, is not in it: an approval outlives an upgrade.
    said = {
        name: {**spec.model_dump(mode="json", exclude_defaults=True, exclude={"secrets"}), "secrets": spec.secrets_hash}
        for name, spec in specs.items()
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
