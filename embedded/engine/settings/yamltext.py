"""YAML as Go reads and writes it, and edits that leave comments, order and spelling of everything else alone.

Users keep comments in their stack settings, and `config set` must not lose them. So a change is made in the text: the changed
entry is replaced, removed or added, and no other byte is touched.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

import yaml

from embedded.engine.settings.errors import SettingsError

_INDENT: Final = 2


class Loader(yaml.SafeLoader):
    """PyYAML follows YAML 1.1, where `no`, `1:30` and `0o7` are a bool, a number and a text; Go's reader takes 1.2's view."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own class attribute


_SPELLINGS: Final = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(0|[1-9][0-9_]*))", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("tag:yaml.org,2002:timestamp", r"\d{4}-\d\d?-\d\d?(([Tt]| +)\d\d?:\d\d?:\d\d?(\.\d+)?( *(Z|[-+]\d\d(:\d\d)?))?)?", "0123456789"),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
)
for _tag, _pattern, _first in _SPELLINGS:
    Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), [c if c != "\0" else "" for c in _first])


def _construct_int(loader: Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    if digits[:2].lower() in ("0b", "0o", "0x"):
        return sign * int(digits, 0)
    return sign * int(digits, 8 if len(digits) > 1 and digits.startswith("0") else 10)


def _construct_time(loader: Loader, node: yaml.ScalarNode) -> str:
    """A moment as Go prints it: configuration knows no times, and gives programs this text."""
    parts = re.split(r"[Tt ]+", str(loader.construct_scalar(node)), maxsplit=1)
    year, month, day = map(int, parts[0].split("-"))
    clock = re.fullmatch(r"(\d+):(\d+):(\d+)(\.\d+)? *(Z|[-+].*)?", parts[1] if len(parts) > 1 else "0:0:0")
    if clock is None:
        return str(loader.construct_scalar(node))
    fraction = (clock[4] or "").rstrip("0").rstrip(".")
    offset = "" if clock[5] in (None, "Z") else clock[5].replace(":", "").ljust(5, "0")
    zone = "+0000 UTC" if offset in ("", "+0000", "-0000") else f"{offset} {offset}"
    hour, minute, second = (int(clock[i]) for i in (1, 2, 3))
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} {zone}"


Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _construct_time)


_Quickest: Final[Any] = getattr(yaml, "CSafeLoader", Loader)


class _Quick(_Quickest):  # type: ignore[misc]
    """The same by libyaml, where it is there: ten times as fast, which counts where a file has hundreds of services."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers
    yaml_constructors = Loader.yaml_constructors


class _Dumper(yaml.SafeDumper):
    """Writes lists indented under their key, and quotes what would not read back as text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


# What YAML 1.1 readers take for something else than text is quoted too.
_OLD_WORDS: Final = re.compile(r"^(y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$")


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif _resolves(text) or _OLD_WORDS.match(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _resolves(text: str) -> bool:
    """Whether the plain text would be read as something else than text."""
    return any(re.fullmatch(pattern, text) for _, pattern, _ in _SPELLINGS)


_Dumper.add_representer(str, _represent_text)


def parse(text: str) -> tuple[Loader, yaml.Node | None]:
    """The root of a YAML text, and the loader that makes data of its nodes; `yaml.YAMLError` if it is none."""
    # The two differ in what they say of errors, and libyaml takes tabs where the other doesn't.
    if "\t" not in text:
        with suppress(yaml.YAMLError, UnicodeError):
            return _parsed(_Quick(text))
    return _parsed(Loader(text))


def _parsed(loader: Any) -> tuple[Loader, yaml.Node | None]:
    try:
        return loader, loader.get_single_node()
    finally:
        loader.dispose()


def load(text: str, where: str) -> Any:
    """The data of a YAML text; SettingsError naming `where` and the line if it is none."""
    try:
        loader, root = parse(text.removeprefix("\ufeff"))
        return loader.construct_document(root) if root is not None else None  # type: ignore[no-untyped-call,unused-ignore]
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        msg = f"could not unmarshal '{where}': invalid YAML file{line}: {getattr(e, 'problem', None) or e}"
        raise SettingsError(msg) from e


def dump(value: Any, *, flow: bool = False) -> str:
    """The data as YAML text; `flow`: in one line, in brackets."""
    text: str = yaml.dump(value, Dumper=_Dumper, indent=_INDENT, width=2**31, allow_unicode=True, sort_keys=False, default_flow_style=flow)
    # A text that ends in newlines makes the dumper close the document.
    return text.removesuffix("...\n")


def edit(text: str, new: dict[str, Any]) -> str:
    """The text with its data made `new`: entries that did not change stay as they are spelled, added ones come last."""
    root = yaml.compose(text, Loader=Loader)  # type: ignore[no-untyped-call,unused-ignore]
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return dump(new) if new else ""
    changes: list[tuple[int, int, str]] = []
    _edit_mapping(text, root, new, 0, changes)
    for start, end, replacement in sorted(changes, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _edit_mapping(text: str, node: yaml.MappingNode, new: dict[str, Any], indent: int, changes: list[tuple[int, int, str]]) -> None:
    kept = set()
    last = 0
    for key_node, value_node in node.value:
        key = _construct(key_node)
        start, end = _line_start(text, key_node.start_mark.index), _line_end(text, _content_end(text, value_node))
        last = max(last, end)
        kept.add(key)
        if key not in new:
            changes.append((_comments_start(text, start), end, ""))
            continue
        value, old = new[key], _construct(value_node)
        if _alike(old, value):
            continue
        if (
            isinstance(value, dict)
            and value
            and isinstance(value_node, yaml.MappingNode)
            and not value_node.flow_style
            and value_node.value
        ):
            _edit_mapping(text, value_node, value, value_node.value[0][0].start_mark.column, changes)
        elif isinstance(value_node, yaml.CollectionNode) and value_node.flow_style and isinstance(value, dict | list):
            changes.append((value_node.start_mark.index, value_node.end_mark.index, dump(value, flow=True).rstrip("\n")))
        elif _one_line(text, value_node) and not isinstance(value, dict | list) and "\n" not in str(value):
            changes.append((value_node.start_mark.index, value_node.end_mark.index, _scalar(value)))
        else:
            changes.append((start, end, _entries({key: value}, indent)))
    added = {k: v for k, v in new.items() if k not in kept}
    if added:
        newline = "" if not last or text[last - 1] == "\n" else "\n"
        changes.append((last, last, newline + _entries(added, indent)))


def _construct(node: yaml.Node) -> Any:
    loader = Loader("")
    try:
        return loader.construct_object(node, deep=True)  # type: ignore[no-untyped-call,unused-ignore]
    finally:
        loader.dispose()  # type: ignore[no-untyped-call,unused-ignore]


def _alike(a: Any, b: Any) -> bool:
    """Equal, and of equal types all the way down (Python takes True for 1)."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(_alike, a, b))
    return type(a) is type(b) and bool(a == b)


def _entries(entries: dict[str, Any], indent: int) -> str:
    lines = dump(entries).splitlines(keepends=True)
    return "".join(" " * indent + line if line.strip() else line for line in lines)


def _scalar(value: Any) -> str:
    return dump([value]).removeprefix("- ").rstrip("\n")


def _one_line(text: str, node: yaml.Node) -> bool:
    start, end = node.start_mark.index, node.end_mark.index
    return isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">") and start < end and "\n" not in text[start:end]


def _content_end(text: str, node: yaml.Node) -> int:
    """Where the node's own text ends; the parser's mark of a block lies behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _content_end(text, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        block = text[start:end]
        # With `+` the empty lines at its end belong to it.
        return end - 1 if "+" in block.partition("\n")[0] else start + len(block.rstrip())
    return end


def _comments_start(text: str, start: int) -> int:
    """Where the comment lines right above an entry start: they speak of it, and go with it."""
    while start:
        above = _line_start(text, start - 1)
        line = text[above:start]
        if not line.lstrip().startswith("#") or _width(line) != _width(text[start:]):
            break
        start = above
    return start


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1
