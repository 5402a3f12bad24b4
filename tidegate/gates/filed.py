"""Approvals in a file of the repository, as one kept by review: a line each, the same records as in the stack's state.

Who may write the file is no matter: what counts is signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from tidegate.model.approval import Approval
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.model.intent.gates import Gates

_LONGEST: Final = 4_000_000


def read(gates: Gates, folder: Path) -> tuple[Approval, ...]:
    """What is in the file; nothing, if there is none yet. `folder` is that of Pulumi.yaml."""
    file = path(gates, folder)
    if file is None or not file.exists():
        return ()
    if not file.is_file() or file.stat().st_size > _LONGEST:
        raise ConfigurationError(f"{file}: a file of approvals has at most {_LONGEST} bytes, a line for each")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: can't be read: {error}") from error
    return tuple(_read(file, number, line) for number, line in enumerate(lines, 1) if line.strip())


def add(gates: Gates, folder: Path, approval: Approval) -> Path:
    """Write one more into the file: it counts for those who have that file, so commit it."""
    file = path(gates, folder)
    if file is None:
        raise ConfigurationError("the intent names no file for approvals: set tidegate:gates.approvals_file")
    kept = read(gates, folder)
    if approval not in kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = not file.exists() or file.read_bytes()[-1:] in {b"", b"\n"}
        with file.open("a", encoding="utf-8") as stream:
            stream.write(("" if whole else "\n") + approval.model_dump_json() + "\n")
    return file


def path(gates: Gates, folder: Path) -> Path | None:
    """Where the file is, if the intent has one. It must be in the folder: what a link leads to is nobody's review."""
    if gates.approvals_file is None:
        return None
    root = folder.resolve()
    file = (root / gates.approvals_file).resolve()
    if not file.is_relative_to(root):
        raise ConfigurationError(f"tidegate:gates.approvals_file: {gates.approvals_file} leads out of {root}")
    return file


def _read(file: Path, number: int, line: str) -> Approval:
    try:
        return Approval.model_validate_json(line)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False, include_url=False))
        raise ConfigurationError(f"{file}:{number}: is no approval: {what}. `tidegate approve` writes them") from error
