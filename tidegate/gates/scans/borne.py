"""What is borne, from files: settings, what was there before, and the thresholds of a command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import Field, ValidationError

from tidegate.gates.scans.findings import is_cve
from tidegate.model.base import Model, Text
from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.scans import SEVERITIES, Borne, Severity
from tidegate.model.phrases import close, listed, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tidegate.gates.scans.findings import Finding


class Accepted(Model):
    """A finding that was there when the baseline was written."""

    fingerprints: tuple[Text, ...] = Field(min_length=1)
    """Any of these is it, if it isn't another vulnerability that shares an advisory."""
    severity: Severity
    """How bad it was then. If it gets worse, it counts again."""
    id: str = ""
    where: str = ""

    def is_another(self, finding: Finding) -> bool:
        """Whether it is another vulnerability: an advisory's name is often that of several."""
        return is_cve(self.id) and is_cve(finding.id) and self.id != finding.id


class Baseline(Model):
    """What was there before, and is to be dealt with apart."""

    version: Literal[1] = 1
    accepted: tuple[Accepted, ...] = ()

    def by_fingerprint(self) -> Mapping[str, tuple[Accepted, ...]]:
        """What was accepted; the worst first."""
        found: dict[str, tuple[Accepted, ...]] = {}
        for one in sorted(self.accepted, key=lambda one: SEVERITIES.index(one.severity)):
            for fingerprint in one.fingerprints:
                found[fingerprint] = (*found.get(fingerprint, ()), one)
        return found


def load(file: Path) -> Borne:
    """The settings of a file; ConfigurationError if they are wrong."""
    try:
        document = yaml.safe_load(_text(file))
    except (yaml.YAMLError, ValueError) as error:  # the latter of a day that no calendar has
        raise ConfigurationError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    try:
        return Borne.model_validate_json(json.dumps({} if document is None else document, default=str))
    except (ValidationError, TypeError) as error:
        raise ConfigurationError(f"{file}: {_wrong(error)}") from None


def baseline(file: Path) -> Baseline:
    """What a baseline accepts; ConfigurationError if it is none."""
    try:
        return Baseline.model_validate_json(_text(file))
    except ValidationError as error:
        raise ConfigurationError(f"{file} is no baseline: {_wrong(error)}. Write it anew with --write-baseline") from None


def baseline_of(findings: Iterable[Finding]) -> Baseline:
    """The baseline that accepts all of these."""
    accepted = [Accepted(fingerprints=one.fingerprints, severity=one.severity, id=one.id, where=one.where) for one in findings]
    return Baseline(accepted=tuple(sorted(accepted, key=lambda one: (one.id, one.where, one.fingerprints, one.severity))))


def thresholds(given: Iterable[str], settings: Mapping[Severity, int]) -> dict[Severity, int]:
    """The thresholds of the settings, and of `critical=0`, `high=5`, which count before those."""
    found = dict(settings)
    for text in given:
        name, _, number = text.partition("=")
        severity = next((one for one in SEVERITIES if one == name.strip().lower()), None)
        if severity is None:
            near = close(name, SEVERITIES)
            raise ConfigurationError(
                f"--threshold {text}: {name!r} is none of {listed(SEVERITIES)}{f'; do you mean {near}?' if near else ''}"
            )
        if not (number.isascii() and number.isdigit()):
            raise ConfigurationError(f"--threshold {text}: write how many are borne, such as {severity}=0")
        found[severity] = int(number)
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}") from None


def _wrong(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "there is something in it that isn't plain data"
    said = [(written(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in error.errors(include_input=False, include_url=False)]
    return "; ".join(f"{place}: {message}" if place else message for place, message in said)
