"""ConfigMaps have no secrets.

Looks at: `data` and `binaryData` of ConfigMaps, files in them line by line.
Allowed: what is no secret, by its looks or its name.
"""

import base64
import binascii
from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.secrets.finding import in_entry, in_file
from policies.security.secrets.told import NSA, where


@of_objects(
    "ConfigMap",
    title="ConfigMaps have no secrets.",
    severity="critical",
    fix="Put it into a Secret, and mount that. Then change it: it has been read.",
    standards=(Standard("cis-kubernetes", ("5.4.1",), "1.9"), NSA, Standard("soc2", ("CC6.1",)), Standard("gdpr", ("Art. 32",))),
    tags=("secrets",),
    url="https://kubernetes.io/docs/concepts/configuration/configmap/",
)
def config_map_secrets(config: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each entry for itself."""
    yield from each((field for _, field in config.at("data").entries()), _text)
    yield from each((field for _, field in config.at("binaryData").entries()), _binary)


def _text(entry: Field) -> Iterator[Finding]:
    for found in in_entry(str(entry.key), entry.text):
        yield Violation(entry, f"{entry.subject.shown} has {found.what}{where(found)}")


def _binary(entry: Field) -> Iterator[Finding]:
    try:
        text = base64.b64decode(entry.text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    for found in in_file(text):
        yield Violation(entry, f"{entry.subject.shown} has {found.what}{where(found)}")
