"""The packs that come with Tidegate: by name, and where they are."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.judging.declaring import Policy
    from policies.judging.rulebook import Pack

NAMES: Final = ("security", "compliance", "release")
MANIFEST: Final = "PulumiPolicy.yaml"


def pack(name: str) -> Pack:
    """A pack, by its name."""
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        raise ConfigurationError(f"there is no pack {name}{f'; do you mean {near[0]}?' if near else '.'} There are {', '.join(NAMES)}.")
    found: Pack = import_module(f"policies.{name}").PACK
    return found


def packs(names: Iterable[str] = ()) -> list[Pack]:
    """Packs by their names; all of them, if none is named."""
    return [pack(name) for name in tuple(names) or NAMES]


def policy(name: str) -> tuple[Pack, Policy]:
    """A policy by its name in its pack, or by its own if no other pack has one of that name."""
    found = [(pack, one) for pack in packs() for one in pack.policies if name in {f"{pack.name}/{one.name}", one.name}]
    if len(found) == 1:
        return found[0]
    known = [f"{pack.name}/{one.name}" for pack in packs() for one in pack.policies]
    if found:
        raise ConfigurationError(f"more than one pack has a policy {name}: name it with its pack, {found[0][0].name}/{name}")
    near = get_close_matches(name, known, n=1) or [one for one in known if name in one][:1]
    raise ConfigurationError(
        f"there is no policy {name}{f'; do you mean {near[0]}?' if near else '.'} `tidegate policies list` has them all."
    )


def folder(name: str) -> Path:
    """Where a pack is, for `--policy-pack`."""
    return Path(str(resources.files("policies"))) / name


def folders(said: Iterable[str], project: Path) -> list[Path]:
    """The folders of packs that are said as a folder of the project, or by the name of one that comes with Tidegate."""
    return [_folder(one, project) for one in said]


def is_ours(place: Path, name: str) -> bool:
    """Whether a folder is the pack of that name that comes with Tidegate."""
    return place.resolve() == folder(name).resolve()


def _folder(said: str, project: Path) -> Path:
    place = project / said
    return folder(said) if said in NAMES and not (place / MANIFEST).exists() else place
