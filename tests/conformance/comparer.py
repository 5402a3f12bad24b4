"""Where two recordings of a scenario disagree in what must agree; display details, times and ids are left out.

Must agree: exit status; the set of (operation, resource) steps; the last state's resources (type, inputs, outputs, parent, provider's
package, dependencies, flags) and pending operations; policy violations; errors of resources; the JSON shape of --json and export
output; the first line of an error on stderr. Of Kubernetes objects, all that is not live (`live.py`).
`python -m tests.conformance.comparer REAL OURS` prints a line a disagreement.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.conformance.live import complaint, still

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FLAGS: Final = (
    "protect",
    "external",
    "delete",
    "retainOnDelete",
    "pendingReplacement",
    "deletedWith",
    "additionalSecretOutputs",
    "ignoreChanges",
    "replaceOnChanges",
    "initErrors",
    "customTimeouts",
    "importID",
    "aliases",
)
_TROUBLE: Final = ("error", "warning")
_SECRET: Final = ("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270")


def differences(real: Path, ours: Path) -> list[str]:
    """A line for each disagreement of a scenario's recording with the reference."""
    found: list[str] = []
    for file in sorted(real.iterdir()):
        other = ours / file.name
        if not other.exists():
            found.append(f"{file.name}: missing")
            continue
        compare = next(c for ending, c in _BY_KIND.items() if file.name.endswith(ending))
        found += [f"{file.name}: {d}" for d in compare(file.read_text(), other.read_text())]
    return found


def _outputs(real: str, ours: str) -> Iterator[str]:
    status = [re.search(r"^exit (\d+)", t, re.MULTILINE) for t in (real, ours)]
    codes = [m.group(1) if m else "?" for m in status]
    if codes[0] != codes[1]:
        yield f"exit {codes[1]}, not {codes[0]}"
    if _body(real) != _body(ours):
        yield f"JSON shape {json.dumps(_body(ours))[:200]}, not {json.dumps(_body(real))[:200]}"
    if _error(real) != _error(ours):
        yield f"error {_error(ours)!r}, not {_error(real)!r}"


def _events(real: str, ours: str) -> Iterator[str]:
    wanted, got = set(_steps(real)), set(_steps(ours))
    yield from (f"step missing: {s}" for s in sorted(wanted - got))
    yield from (f"step too much: {s}" for s in sorted(got - wanted))
    said, says = set(_errors(real)), set(_errors(ours))
    yield from (f"error missing: {e}" for e in sorted(said - says))
    yield from (f"error too much: {e}" for e in sorted(says - said))


def _states(real: str, ours: str) -> Iterator[str]:
    a, b = json.loads(real), json.loads(ours)
    wanted, got = _resources(a), _resources(b)
    yield from (f"not in the state: {k}" for k in sorted(set(wanted) - set(got)))
    yield from (f"too much in the state: {k}" for k in sorted(set(got) - set(wanted)))
    for key in sorted(set(wanted) & set(got)):
        for field in sorted({*wanted[key], *got[key]}):
            yield from (f"{key[0]} {d}" for d in _unlike(wanted[key].get(field), got[key].get(field), field))
    if _pending(a) != _pending(b):
        yield f"pending operations {_pending(b)}, not {_pending(a)}"


def _unlike(real: Any, ours: Any, path: str) -> Iterator[str]:
    """A line for each place where two values are not the same."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted({*real, *ours}):
            yield from _unlike(real.get(key), ours.get(key), f"{path}.{key}")
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for index, (left, right) in enumerate(zip(real, ours, strict=True)):
            yield from _unlike(left, right, f"{path}[{index}]")
    elif real != ours:
        yield f"{path}: {json.dumps(ours)[:120]}, not {json.dumps(real)[:120]}"


_BY_KIND: Final[dict[str, Callable[[str, str], Iterator[str]]]] = {".txt": _outputs, ".events.jsonl": _events, ".state.json": _states}


def _short(urn: str | None) -> str:
    return re.sub(r"^urn:pulumi:[^:]*::[^:]*::", "", urn or "")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_SECRET[0]) == _SECRET[1]:
            return "<secret>"
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return re.sub(r"-[0-9a-f]{8}\b|-<random>", "-<random>", value) if isinstance(value, str) else value


def _resources(state: Any) -> dict[tuple[str, bool], dict[str, Any]]:
    found = {}
    latest = (state.get("checkpoint") or state).get("latest") or state.get("deployment") or {}
    for resource in latest.get("resources") or []:
        if resource["type"].startswith("pulumi:providers:"):
            continue
        provider = re.sub(r"::<uuid>$|::[0-9a-f-]{36}$", "", _short(resource.get("provider")))
        found[_short(resource["urn"]), bool(resource.get("delete"))] = {
            "inputs": _plain(resource.get("inputs") or {}),
            "outputs": _plain(resource.get("outputs") or {}),
            "parent": _short(resource.get("parent")),
            "custom": resource["custom"],
            "dependencies": sorted({_short(d) for d in resource.get("dependencies") or []}),
            "provider": provider.split("::", maxsplit=1)[0],
            **{flag: _plain(resource[flag]) for flag in _FLAGS if resource.get(flag)},
            **(_object(resource) if resource["type"].startswith("kubernetes:") else {}),
        }
    return found


def _object(resource: Any) -> dict[str, Any]:
    """What is compared of a Kubernetes object otherwise than of other resources, or besides."""
    return {
        "id": _plain(resource.get("id")),
        "outputs": _plain(still(resource.get("outputs") or {})),
        "initErrors": sorted(complaint(e) for e in resource.get("initErrors") or []),
    }


def _pending(state: Any) -> list[tuple[str, str]]:
    operations = ((state.get("checkpoint") or {}).get("latest") or {}).get("pending_operations") or []
    return sorted((_short(o["resource"]["urn"]), o["type"]) for o in operations)


def _steps(log: str) -> Iterator[tuple[bool, str, str]]:
    for line in log.splitlines():
        event = json.loads(re.sub(r":<[nd]>", ":0", line))
        for kind in ("resOutputsEvent", "resOpFailedEvent"):
            metadata = event.get(kind, {}).get("metadata")
            if metadata and not metadata["type"].startswith("pulumi:providers:"):
                yield kind == "resOpFailedEvent", metadata["op"], _short(metadata["urn"])
        if policy := event.get("policyEvent"):
            yield False, "policy", f"{policy['policyName']}/{policy['enforcementLevel']}/{_short(policy.get('resourceUrn'))}"


def _errors(log: str) -> Iterator[tuple[str, str]]:
    for line in log.splitlines():
        said = json.loads(re.sub(r":<[nd]>", ":0", line)).get("diagnosticEvent", {})
        if said.get("severity") in _TROUBLE and not said.get("ephemeral") and said.get("urn"):
            text = complaint(said["message"])
            yield _short(said["urn"]), text.splitlines()[-1] if text.startswith("Traceback") else text


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _shape(v) for k, v in sorted(value.items()) if not k.startswith("pulumi.env") and k != "environment"}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _body(text: str) -> Any:
    out = text.split("--- stdout\n", 1)[1].split("--- stderr\n", maxsplit=1)[0]
    try:
        return _shape(json.loads(re.sub(r":\s*<[a-z0-9]+>", ": 0", out)))
    except ValueError:
        return None


def _error(text: str) -> str | None:
    match = re.search(r"^error: (.*)$", text.split("--- stderr\n", 1)[1], re.MULTILINE)
    return match.group(1)[:60] if match else None


if __name__ == "__main__":
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        for difference in differences(folder, Path(sys.argv[2]) / folder.name):
            sys.stdout.write(f"{folder.name}/{difference}\n")
