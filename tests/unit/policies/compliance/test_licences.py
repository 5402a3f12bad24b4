"""What is built in, by its licence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policies.compliance.licences.allowed_licences import Licences, allowed_licences
from policies.compliance.licences.expressions import refused
from policies.judging import Given, Violation, judge, stack_of

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = frozenset({"mit", "apache-2.0", "bsd-3-clause", "gpl-2.0-only with classpath-exception-2.0"})
DENY = frozenset({"agpl-3.0-only", "agpl-3.0-or-later", "gpl-3.0-only"})


@pytest.mark.parametrize(
    ("text", "by_name", "by_denial"),
    [
        ("MIT", True, True),
        ("mit", True, True),
        ("LGPL-2.1-only", False, True),
        ("AGPL-3.0-only", False, False),
        ("AGPL-3.0", False, False),
        ("AGPL-3.0+", False, False),
        ("MIT OR AGPL-3.0-only", True, True),
        ("MIT AND AGPL-3.0-only", False, False),
        ("LGPL-2.1-only OR AGPL-3.0-only", False, True),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True, True),
        ("MIT OR (GPL-3.0-only AND Apache-2.0)", True, True),
        ("GPL-3.0-only AND (Apache-2.0 OR MIT)", False, False),
        ("Apache-2.0 WITH LLVM-exception", True, True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True, True),
        ("GPL-3.0-only WITH GCC-exception-3.1", False, False),
        ("Apache License, Version 2.0", False, True),
        ("AGPL-3.0-only OR", False, False),
        ("Dual (AGPL-3.0-only", False, False),
        ("LicenseRef-ours", False, True),
    ],
)
def test_expressions(text: str, by_name: bool, by_denial: bool) -> None:
    """Of a choice one is enough, of what holds together each; also by its old names, and where it isn't well written."""
    assert (refused(text, ALLOW, DENY) == "") == by_name
    assert (refused(text, frozenset(), DENY) == "") == by_denial


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("GPL-3.0", "GPL-3.0 is denied"),
        ("AGPL-3.0+", "AGPL-3.0+ is denied"),
        ("MIT AND GPL-3.0-only AND AGPL-3.0-only", "GPL-3.0-only is denied"),
        ("Odd OR GPL-3.0-only", "Odd isn't allowed"),
        ("Zlib WITH X-exception", "Zlib WITH X-exception is denied"),
        ("Apache License, Version 2.0", "Apache License, Version 2.0 isn't allowed"),
        ("Dual (AGPL-3.0-only", "AGPL-3.0-only is denied"),
    ],
)
def test_reasons(text: str, why: str) -> None:
    """The first that is wrong is told, as it is written."""
    assert refused(text, ALLOW, DENY | {"zlib with x-exception"}) == why


def reasons(folder: Path | str, **settings: Any) -> list[str]:
    """What is said against what is in a folder."""
    found = judge(allowed_licences, stack_of(), Given(Licences(folder=str(folder), **settings)))
    assert all(isinstance(one, Violation) for one in found)
    return [one.reason.partition(".json: ")[2] or one.reason for one in found if isinstance(one, Violation)]


def cyclonedx(*licences: Any) -> str:
    """A bill of materials; a component a list of licences."""
    parts = [{"name": f"lib{place}", "version": "1", "licenses": found} for place, found in enumerate(licences)]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts})


def test_cyclonedx(tmp_path: Path) -> None:
    """Ids, names and expressions; several of them hold together; components of components, too."""
    nested = {"name": "app", "components": [{"name": "inner", "licenses": [{"license": {"id": "AGPL-3.0-only"}}]}]}
    document = json.loads(
        cyclonedx(
            [{"license": {"id": "MIT"}}],
            [{"expression": "MIT OR GPL-3.0-only"}],
            [{"license": {"id": "MIT"}}, {"license": {"name": "Odd"}}],
            [],
        )
    )
    document["components"].append(nested)
    (tmp_path / "a.cdx.json").write_text(json.dumps(document), encoding="utf-8")
    assert reasons(tmp_path) == ["inner: AGPL-3.0-only is denied"]
    assert reasons(tmp_path, allow=("MIT",)) == [
        "lib2 1: Odd isn't allowed",
        "lib3 1 doesn't say its licence",
        "app doesn't say its licence",
        "inner: AGPL-3.0-only is denied",
    ]
    assert reasons(tmp_path, allow=("MIT", "odd", "AGPL-3.0-only"), deny=(), unknown=True) == []


def test_odd_entries(tmp_path: Path) -> None:
    """What isn't as the format has it says nothing; one licence stays as it is written."""
    entries = [[{"license": "MIT"}], [{"license": {"id": 7}}], [{}], ["MIT"], "MIT", [{"license": {"name": "Odd, and long"}}]]
    document = json.loads(cyclonedx(*entries))
    document["components"][3] = {"licenses": []}
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    assert reasons(tmp_path, allow=("MIT",)) == [
        "lib0 1 doesn't say its licence",
        "lib1 1 doesn't say its licence",
        "lib2 1 doesn't say its licence",
        "a component without a name doesn't say its licence",
        "lib4 1 doesn't say its licence",
        "lib5 1: Odd, and long isn't allowed",
    ]


def test_each_bill_for_itself(tmp_path: Path) -> None:
    """A broken one doesn't keep the others from being read."""
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_text(cyclonedx([{"license": {"id": "AGPL-3.0-only"}}]), encoding="utf-8")
    (tmp_path / "b.txt").write_text("{", encoding="utf-8")
    found = reasons(tmp_path)
    assert found[0].endswith("a.json can't be read: JSONDecodeError")
    assert found[1:] == ["lib0 1: AGPL-3.0-only is denied"]


def test_spdx(tmp_path: Path) -> None:
    """What was concluded counts before what is declared; none and no assertion say nothing."""
    packages = [
        {"name": "a", "versionInfo": "1", "licenseConcluded": "MIT", "licenseDeclared": "GPL-3.0-only"},
        {"name": "b", "versionInfo": "2", "licenseConcluded": "NOASSERTION", "licenseDeclared": "GPL-3.0-only"},
        {"name": "c", "licenseConcluded": "NOASSERTION", "licenseDeclared": "NONE"},
    ]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.spdx.json").write_text(json.dumps({"spdxVersion": "SPDX-2.3", "packages": packages}), encoding="utf-8")
    assert reasons(tmp_path, allow=("MIT",)) == ["b 2: GPL-3.0-only isn't allowed", "c doesn't say its licence"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "can't be read"),
        ("{", "can't be read"),
        ("[]", "no bill of materials"),
        ("{}", "neither CycloneDX nor SPDX"),
        (cyclonedx(), "lists nothing"),
        ('{"spdxVersion": "SPDX-2.3"}', "lists nothing"),
    ],
)
def test_no_bills(tmp_path: Path, content: str, why: str) -> None:
    """What isn't one proves nothing."""
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    assert [why in one for one in reasons(tmp_path)] == [True]


def test_folders(tmp_path: Path) -> None:
    """Without a folder nothing is asked; in one there has to be something."""
    assert reasons("") == []
    assert [one.startswith("there is no bill") for one in reasons(tmp_path)] == [True]
    assert [one.startswith("there is no bill") for one in reasons(tmp_path / "absent")] == [True]
