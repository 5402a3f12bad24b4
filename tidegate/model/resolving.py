"""An intent in full: each setting with its value, also where the user wrote none, and where the value comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from embedded.engine.settings import yamltext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.base import Path
    from tidegate.model.intent.intent import Intent

DEFAULT: Final = "default"
MASK: Final = "[secret]"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. Lists of plain values are one; mappings and lists of mappings are as many as are in them."""

    path: Path
    value: Any
    origin: str | None
    """Where it comes from, if not from the user."""
    secret: bool = False

    @property
    def shown(self) -> Any:
        """The value, unless it is a secret."""
        return MASK if self.secret else self.value


def resolved(intent: Intent) -> list[Setting]:
    """All settings, in the models' order."""
    return [explained for setting in _settings(intent, (), None) for explained in _explained(intent, setting)]


def tree(settings: list[Setting]) -> Any:
    """The settings as one nested value, secrets masked."""
    root: dict[str, Any] = {}
    for setting in settings:
        node: Any = root
        for part, following in zip(setting.path, setting.path[1:], strict=False):
            fresh: Any = [] if isinstance(following, int) else {}
            if isinstance(node, list):
                if part == len(node):
                    node.append(fresh)
                node = node[int(part)]
            else:
                node = node.setdefault(part, fresh)
        last = setting.path[-1]
        if isinstance(node, list):
            node.append(setting.shown)
        else:
            node[last] = setting.shown
    return root


def _settings(value: Any, path: Path, origin: str | None) -> Iterator[Setting]:
    if isinstance(value, BaseModel):
        written = value.model_fields_set
        for name in type(value).model_fields:
            yield from _settings(getattr(value, name), (*path, name), origin or (None if name in written else DEFAULT))
    elif isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _settings(part, (*path, key), origin)
    elif isinstance(value, list | tuple) and any(isinstance(part, BaseModel) for part in value):
        for i, part in enumerate(value):
            yield from _settings(part, (*path, i), origin)
    else:
        yield Setting(path, list(value) if isinstance(value, tuple) else value, origin, secret=_is_secret(path))


def _is_secret(path: Path) -> bool:
    return len(path) == 4 and path[0] == "secrets" and path[2] == "values"


def _explained(intent: Intent, setting: Setting) -> Iterator[Setting]:
    """A setting that others decide about, with what they decided."""
    path = setting.path
    if setting.origin is None or len(path) != 3 or path[0] != "services":
        yield setting
        return
    sizes, service = intent.environment.defaults, intent.services[str(path[1])]
    origin = "environment.sizes" if intent.environment.sizes else f"tier {intent.environment.tier}"
    match path[2]:
        case "replicas" if service.autoscaling is None:
            yield Setting(path, sizes.replicas, origin)
        case "resources":
            yield from _settings(sizes.resources, path, origin)
        case "version":
            yield replace(setting, origin="digest")
        case _:
            yield setting


def as_yaml(settings: list[Setting]) -> list[tuple[str, str]]:
    """The settings as lines of YAML, each with a comment that says where its value comes from. What is left out by default, is left out."""
    said = [setting for setting in settings if setting.origin != DEFAULT or setting.value not in (None, [], {}, "")]
    origins = {setting.path: setting.origin or "" for setting in said}
    return list(_lines(tree(said), (), origins, ""))


def _lines(value: Any, path: Path, origins: dict[Path, str], known: str) -> Iterator[tuple[str, str]]:
    """The lines of a mapping or a list of mappings. What is known of all of them is not said again."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in entries:
        here: Path = (*path, key)
        name = f"{yamltext.dump([key]).strip().removeprefix('- ')}:" if isinstance(value, dict) else "-"
        nested = part and (isinstance(part, dict) or (isinstance(part, list) and isinstance(part[0], dict)))
        if nested:
            below = {origin for at, origin in origins.items() if at[: len(here)] == here}
            common = below.pop() if len(below) == 1 else ""
            rest = [(f"  {line}", origin) for line, origin in _lines(part, here, origins, common or known)]
            comment = common if common != known else ""
            # A list's item begins in the line of its dash.
            yield from [(f"{name} {rest[0][0].lstrip()}", comment or rest[0][1]), *rest[1:]] if name == "-" else [(name, comment), *rest]
        else:
            origin = origins.get(here, "")
            text = yamltext.dump(part, flow=True) if isinstance(part, list | dict) else yamltext.dump([part]).removeprefix("- ")
            first, *rest_of_text = text.rstrip("\n").split("\n")
            yield f"{name} {first}", origin if origin != known else ""
            yield from ((line, "") for line in rest_of_text)
