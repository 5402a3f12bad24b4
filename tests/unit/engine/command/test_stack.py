"""`stack` and what is below it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.command.conftest import Shell

CIPHER = "4dabf18193072939515e22adb298388d"


def test_a_stack_from_init_to_rm(pulumi: Shell) -> None:
    """Created, listed, found to exist already, selected, unselected, removed with its settings file."""
    assert pulumi("stack", "init", "dev").err == "Created stack 'dev'\n"
    settings = pulumi.folder / "Pulumi.dev.yaml"
    assert settings.read_text().startswith("encryptionsalt: v1:")
    assert pulumi("stack", "init", "dev", code=1).err == "error: stack 'organization/shop/dev' already exists\n"
    pulumi("stack", "init", "other", "--no-select")
    (dev, other) = json.loads(pulumi("stack", "ls", "--json").out)
    assert dev.pop("lastUpdate").endswith("Z")
    assert (dev, other["current"]) == ({"name": "dev", "current": True, "resourceCount": 0}, False)
    assert pulumi("stack", "select", "other").out == ""
    assert pulumi("stack", "--show-name").out == "other\n"
    assert pulumi("stack", "unselect").err == "Stack was unselected\n"
    assert pulumi("stack", "rm", "--yes", "dev").out == "Stack 'dev' has been removed!\n"
    assert not settings.exists()


@pytest.mark.parametrize(
    "words", [("stack", "select", "new", "--create"), ("stack", "select", "--create", "--stack", "new"), ("stack", "new", "new")]
)
def test_other_ways_to_create_one(pulumi: Shell, words: tuple[str, ...]) -> None:
    """The Automation API creates by name argument, `--stack` and `--create`."""
    assert pulumi(*words).err == "Created stack 'new'\n"
    assert pulumi("stack", "--show-name").out == "new\n"


def test_a_wrong_passphrase_creates_nothing(dev: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings file that another passphrase made is not put to use."""
    dev("stack", "rm", "--yes", "--preserve-config")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    assert "incorrect passphrase" in dev("stack", "init", "dev", code=1).err
    assert dev("stack", "ls", "--json").out == "[]\n"


def test_only_the_passphrase_provider_is_there(pulumi: Shell) -> None:
    """Cloud key services are refused by name, before anything is written."""
    assert "awskms://x" in pulumi("stack", "init", "dev", "--secrets-provider", "awskms://x", code=1).err
    pulumi("stack", "init", "dev", "--secrets-provider=passphrase")


def test_a_stack_with_resources_is_not_removed_without_force(dev: Shell, stack_resource: Any, box: Any) -> None:
    """The CLI's text, with what to do."""
    dev.put(stack_resource, box("a"))
    err = dev("stack", "rm", "--yes", code=1).err
    assert err.startswith("error: 'dev' still has resources; removal rejected. Possible actions:\n- Make sure that 'dev' is the stack")
    dev("stack", "rm", "--yes", "--force")


def test_renaming_moves_settings_and_selection(dev: Shell, stack_resource: Any) -> None:
    """The stack, its state's URNs, its file and the selection have the new name."""
    dev.put(stack_resource)
    assert dev("stack", "rename", "prod").out == "Renamed dev to prod\n"
    assert dev("stack", "--show-name").out == "prod\n"
    assert dev.resources("prod")[0]["urn"] == "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
    assert (dev.folder / "Pulumi.prod.yaml").exists()


def test_the_stack_is_shown_as_a_tree(dev: Shell, stack_resource: Any, box: Any) -> None:
    """Children below their parents, what has none below the stack; URNs and ids if asked for."""
    group = box("g", type="toy:index:Group", custom=False)
    del group["id"]
    dev.put(
        stack_resource,
        {"urn": "urn:pulumi:dev::shop::pulumi:providers:toy::default", "custom": True, "id": "p", "type": "pulumi:providers:toy"},
        group,
        box("c", parent=group["urn"]),
    )
    assert dev("stack", "--show-ids").out.split("Current stack resources", 1)[1] == (
        " (4):\n"
        "    TYPE                     NAME\n"
        "    pulumi:pulumi:Stack      shop-dev\n"
        "    ├─ toy:index:Group       g\n"
        "    │  └─ toy:index:Box      c\n"
        "    │        ID: id-c\n"
        "    └─ pulumi:providers:toy  default\n"
        "          ID: p\n"
        "\n"
        "Current stack outputs (2):\n"
        "    OUTPUT  VALUE\n"
        '    list    [1,"x",null]\n'
        "    url     http://a\n"
        "\n"
        "Use `pulumi stack select` to change stack; `pulumi stack ls` lists known ones\n"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), 'Current stack outputs (2):\n    OUTPUT  VALUE\n    list    [1,"x",null]\n    url     http://a\n'),
        (("url",), "http://a\n"),
        (("list",), '[1,"x",null]\n'),
        (("url", "--json"), '"http://a"\n'),
        (("--shell",), "list='[1,\"x\",null]'\nurl=http://a\n"),
        (("--json",), '{\n  "list": [\n    1,\n    "x",\n    null\n  ],\n  "url": "http://a"\n}\n'),
    ],
)
def test_outputs(dev: Shell, stack_resource: Any, words: tuple[str, ...], expected: str) -> None:
    """All of them or one, as a table, JSON or shell text."""
    dev.put(stack_resource)
    assert dev("stack", "output", *words).out == expected


def test_secret_outputs_are_masked_unless_asked_for(dev: Shell, stack_resource: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masked ones need no passphrase; shown ones may be of any shape, with secrets inside secrets."""
    dev("config", "set", "--secret", "token", '{"a":1}')
    ciphertext = re.findall(r"secure: (\S+)", (dev.folder / "Pulumi.dev.yaml").read_text())[0]
    dev.put(stack_resource | {"outputs": {"t": {CIPHER: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": ciphertext}}})
    assert json.loads(dev("stack", "output", "--json", "--show-secrets").out) == {"t": {"a": 1}}
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert dev("stack", "output", "t").out == "[secret]\n"


def test_missing_outputs(dev: Shell) -> None:
    """The CLI's texts."""
    assert dev("stack", "output", "nope", code=1).err == "error: current stack does not have output property 'nope'\n"
    assert dev("stack", "output", "--json").out == "{}\n"


def test_tags(dev: Shell) -> None:
    """Set, printed, listed, removed; one that is not there is an error only when asked for."""
    dev("stack", "tag", "set", "team", "shop")
    assert dev("stack", "tag", "get", "team").out == "shop\n"
    assert json.loads(dev("stack", "tag", "ls", "--json", "--stack", "dev").out) == {"team": "shop"}
    dev("stack", "tag", "rm", "team")
    dev("stack", "tag", "rm", "team")
    assert dev("stack", "tag", "get", "team", code=1).err == "error: stack tag 'team' not found for stack 'dev'\n"


def test_export_and_import_are_inverse(dev: Shell, stack_resource: Any, box: Any) -> None:
    """Also in plaintext, which is encrypted again when it comes in."""
    dev("config", "set", "--secret", "token", '"hush"')
    ciphertext = re.findall(r"secure: (\S+)", (dev.folder / "Pulumi.dev.yaml").read_text())[0]
    secret = {CIPHER: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": ciphertext}
    provider = {"urn": "urn:pulumi:dev::shop::pulumi:providers:toy::default", "custom": True, "id": "p", "type": "pulumi:providers:toy"}
    dev.put(stack_resource, provider, box("a", inputs={"s": secret}, provider=f"{provider['urn']}::p"))
    dev("stack", "export", "--show-secrets", "--file", "out.json")
    plain = json.loads((dev.folder / "out.json").read_text())
    assert plain["deployment"]["resources"][2]["inputs"]["s"]["plaintext"] == '"hush"'
    assert dev("stack", "import", "--file", "out.json").out == "Import complete.\n"
    exported = json.loads(dev("stack", "export").out)
    again = exported["deployment"]["resources"][2]["inputs"]["s"]
    assert "plaintext" not in again
    assert again["ciphertext"] != ciphertext
    assert exported["version"] == 3


def test_imports_that_are_refused(dev: Shell, stack_resource: Any) -> None:
    """No file, no JSON, another stack's state: nothing is written."""
    assert dev("stack", "import", "--file", "nope", code=1).err == "error: could not open file: open nope: no such file or directory\n"
    (dev.folder / "bad.json").write_text("{")
    assert "bad.json" in dev("stack", "import", "--file", "bad.json", code=1).err
    dev("stack", "init", "other")
    dev.put(stack_resource)
    dev("stack", "export", "-s", "dev", "--file", "dev.json")
    assert "different stack (dev != other)" in dev("stack", "import", "--file", "dev.json", code=1).err
    dev("stack", "import", "--file", "dev.json", "--force")


def test_a_state_that_contradicts_itself_is_taken_only_on_demand(dev: Shell, stack_resource: Any, box: Any) -> None:
    """A reference to what is not there would break the next update."""
    dev.put(stack_resource, box("a", dependencies=["urn:pulumi:dev::shop::t:i:B::gone"]))
    dev("stack", "export", "--file", "bad.json")
    assert "gone" in dev("stack", "import", "--file", "bad.json", code=1).err
    dev("stack", "import", "--file", "bad.json", "--disable-integrity-checking")
    dev("stack", "import", "--file", "bad.json", "--force")


def test_history_in_all_forms(dev: Shell) -> None:
    """Newest first; times have a fraction and a Z; secrets are shown only if asked for."""
    assert dev("stack", "history").out == "Stack has never been updated\n"
    assert dev("stack", "history", "--json").out == "[]\n"
    dev("config", "set", "--secret", "token", "hush")
    secure = re.findall(r"secure: (\S+)", (dev.folder / "Pulumi.dev.yaml").read_text())[0]
    folder = dev.folder / "state" / ".pulumi" / "history" / "shop" / "dev"
    folder.mkdir(parents=True)
    for n in (1, 2):
        entry = {
            "kind": "update",
            "startTime": 1700000000 + n,
            "message": f"m{n}",
            "environment": {"exec.kind": "cli"},
            "config": {"shop:plain": "x", "shop:token": {"secure": secure}, "shop:object": {"k": 1}},
            "version": 0,
            "result": "succeeded",
            "endTime": 1700000003,
            "resourceChanges": {"create": n},
        }
        (folder / f"dev-{n}.history.json").write_text(json.dumps(entry))
    (newest,) = json.loads(dev("stack", "history", "--json", "--page-size", "1", "--page", "1").out)
    assert newest == {
        "version": 0,
        "kind": "update",
        "startTime": "2023-11-14T22:13:22.000Z",
        "message": "m2",
        "environment": {"exec.kind": "cli"},
        "config": {
            "shop:object": {"value": '{"k":1}', "objectValue": {"k": 1}, "secret": False},
            "shop:plain": {"value": "x", "secret": False},
            "shop:token": {"secret": True},
        },
        "result": "succeeded",
        "endTime": "2023-11-14T22:13:23.000Z",
        "resourceChanges": {"create": 2},
    }
    shown = json.loads(dev("stack", "history", "--json", "--show-secrets").out)
    assert [e["config"]["shop:token"]["value"] for e in shown] == ["hush", "hush"]
    text = dev("stack", "history", "--full-dates").out
    assert (
        "Status: succeeded\nMessage: m2\n+2-0~0 0 Updated 2023-11-14 22:13:22 +0000 UTC took 1s\n    exec.kind: cli\n\nVersion: 0\n" in text
    )


def test_cancel_breaks_locks(dev: Shell) -> None:
    """A stack that another machine's process locked is free again."""
    folder = dev.folder / "state" / ".pulumi" / "locks" / "organization" / "shop" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.json").write_text(json.dumps({"pid": 1, "username": "u", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}))
    assert "the stack is currently locked by 1 lock(s)" in dev("state", "unprotect", "--all", "--yes", code=1).err
    assert dev("cancel", "--yes").out == "The currently running update for 'dev' has been canceled!\n"
    dev("state", "unprotect", "--all", "--yes")
