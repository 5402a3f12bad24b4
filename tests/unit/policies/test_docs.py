"""docs/policies.md has all policies, and its example works as it is written."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

from policies.judging import judge, of_manifest
from policies.judging.rulebook import Rulebook
from tidegate.model.intent.policies import Policies
from tidegate.policing.packs import packs
from tidegate.policing.told import of_file

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "policies.md"


def blocks(language: str) -> list[str]:
    """The examples of a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page_has_not_drifted() -> None:
    """Its tables are what the policies say today."""
    generated = runpy.run_path(str(ROOT / "docs" / "generate_policies.py"))["page"]()
    assert PAGE.read_text() == generated, "docs/policies.md has drifted: run `make docs`"


def test_the_example_is_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its test holds."""
    example, _, check = blocks("python")
    (tmp_path / "no_headless.py").write_text(example)
    monkeypatch.syspath_prepend(str(tmp_path))
    policy = runpy.run_path(str(tmp_path / "no_headless.py"))["no_headless"]
    exec(check, {"no_headless": policy})  # noqa: S102 - it is our own page
    assert judge(policy, of_manifest({"apiVersion": "v1", "kind": "Service", "spec": {"clusterIP": "10.0.0.1"}})) == []


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """That the packs take."""
    (text,) = [one for one in blocks("yaml") if "tidegate:policies" in one]
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    told, tier = of_file(file, "shop")
    assert isinstance(told, Policies)
    assert tier == "production"
    rules = Rulebook.of(packs(), told, tier)
    assert {rule.level for rule in rules.rules if rule.name == "security/privilege-escalation"} == {"remediate"}
