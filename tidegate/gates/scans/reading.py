"""From files to reports: whose it is, is told by what is in it; what can't be told, or isn't whole, is no report."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tidegate.gates.scans import (
    bandit,
    checkov,
    cyclonedx,
    gitleaks,
    grype,
    kubesec,
    pip_audit,
    safety,
    sarif,
    semgrep,
    trivy,
    zap,
)
from tidegate.gates.scans.findings import BrokenReportError, Report
from tidegate.model.intent.scans import FORMATS, parted
from tidegate.model.phrases import listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_READERS: Final[tuple[ModuleType, ...]] = (
    sarif, trivy, grype, bandit, semgrep, pip_audit, safety, checkov, kubesec, zap, gitleaks, cyclonedx,
)  # fmt: skip
READERS: Final[dict[str, ModuleType]] = {reader.NAME: reader for reader in _READERS}


@dataclass(frozen=True, slots=True)
class Given:
    """A file, and whose it is if that was said."""

    file: Path
    format: str = ""
    name: str = ""
    """What it is called, if not by its path."""

    @property
    def source(self) -> str:
        """What it is called."""
        return self.name or str(self.file)

    @classmethod
    def of(cls, text: str, folder: Path | None = None) -> Self:
        """A file as people name it, or `FORMAT=FILE`; from a folder on, if there is one."""
        form, file = parted(text)
        return cls(folder / file if folder is not None else Path(file), form, file)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that is no report, and why."""

    source: str
    problem: str

    def __str__(self) -> str:
        return f"{self.source}: {self.problem}"


def read_all(files: Iterable[Given]) -> tuple[list[Report], list[Failure]]:
    """All reports, and what isn't any."""
    reports: list[Report] = []
    failures: list[Failure] = []
    for given in files:
        try:
            reports.append(read(given))
        except BrokenReportError as error:
            failures.append(Failure(given.source, str(error)))
    return reports, failures


def read(given: Given) -> Report:
    """A file's report; BrokenReportError if it is none."""
    try:
        content = given.file.read_bytes()
    except FileNotFoundError:
        raise BrokenReportError("there is no such file: did the scan run?") from None
    except OSError as error:
        raise BrokenReportError(f"it can't be read: {error.strerror}") from None
    return understood(content, given.source, given.format)


def understood(content: bytes, source: str, form: str = "") -> Report:
    """What the content of a file says."""
    document = _document(content)
    if document == [] and form == gitleaks.NAME:
        return Report(source, gitleaks.NAME)
    reader = READERS[form] if form else _whose(document)
    if not reader.recognises(document):
        raise BrokenReportError(f"it is not {form}'s")
    try:
        if reader is cyclonedx:
            return cyclonedx.read(document, source)
        found, notes = reader.read(document)
    except RecursionError:
        raise BrokenReportError("it is nested too deeply") from None
    findings = tuple(replace(one, sources=(source,)) for one in found)
    return Report(source, reader.NAME, findings, (), tuple(notes))


def _document(content: bytes) -> Any:
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BrokenReportError("it is empty: did the scan end?")
    try:
        return json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise BrokenReportError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise BrokenReportError("it is no text") from None
    except json.JSONDecodeError as error:
        raise BrokenReportError(f"it is no whole JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise BrokenReportError("a number in it is longer than any that is one") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, in which nothing is said twice: of two findings only one would be seen."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BrokenReportError("an object in it has a key twice")
    return found


def _no_number(word: str) -> Any:
    raise BrokenReportError(f"{word} is no number of JSON")


def _whose(document: Any) -> ModuleType:
    if document == []:
        raise BrokenReportError(
            f"it is an empty list, that could be anything: write {gitleaks.NAME}=FILE if it is gitleaks', that found nothing"
        )
    found = [reader for reader in _READERS if reader.recognises(document)]
    if len(found) != 1:
        known = listed(FORMATS)
        raise BrokenReportError(f"it is a report of no known kind ({known})" if not found else "it could be a report of two kinds")
    return found[0]
