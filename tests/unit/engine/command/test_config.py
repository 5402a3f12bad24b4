"""`config` and what is below it."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.command.conftest import Shell


def test_values_set_listed_and_printed(dev: Shell) -> None:
    """Plain, secret and nested values in every form; secrets are shown only if asked for."""
    dev("config", "set", "plain", "visible")
    dev("config", "set", "--secret", "token", "hush")
    dev("config", "set", "--secret", "--path", "nested.k", "deep")
    dev("config", "set", "--path", "list[0]", "one")
    dev("config", "set", "aws:region", "--", "-x")
    assert dev("config").out == (
        'KEY         VALUE\naws:region  -x\nlist        ["one"]\nnested      {"k":"[secret]"}\nplain       visible\ntoken       [secret]\n'
    )
    assert "hush" in dev("config", "--show-secrets").out
    assert json.loads(dev("config", "--json").out) == {
        "aws:region": {"value": "-x", "secret": False},
        "shop:list": {"value": '["one"]', "objectValue": ["one"], "secret": False},
        "shop:nested": {"secret": True},
        "shop:plain": {"value": "visible", "secret": False},
        "shop:token": {"secret": True},
    }
    shown = json.loads(dev("config", "--show-secrets", "--json").out)
    assert shown["shop:nested"] == {"value": '{"k":"deep"}', "objectValue": {"k": "deep"}, "secret": True}
    assert dev("config", "get", "token").out == "hush\n"
    assert dev("config", "get", "--path", "nested.k").out == "deep\n"
    assert json.loads(dev("config", "get", "token", "--json", "--stack", "dev").out) == {"value": "hush", "secret": True}


def test_missing_values_and_removed_ones(dev: Shell) -> None:
    """The CLI's text for a key that is not there; removing it twice is no error."""
    assert dev("config", "get", "nothing", code=1).err == "error: configuration key 'nothing' not found for stack 'dev'\n"
    dev("config", "set-all", "--plaintext", "a=1", "--plaintext", "b=x=y", "--secret", "c=2", "--path", "--plaintext", "d.e=3")
    assert dev("config", "get", "b").out == "x=y\n"
    dev("config", "rm", "a")
    dev("config", "rm", "a")
    dev("config", "rm-all", "b", "c", "--path", "d.e")
    assert dev("config").out == "KEY  VALUE\nd    {}\n"


def test_a_value_may_come_from_standard_input(dev: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the newlines at its end, unless they are wanted."""
    for words, expected in (((), "two\nlines"), (("--raw",), "two\nlines\n")):
        monkeypatch.setattr(sys, "stdin", io.StringIO("two\nlines\n"))
        dev("config", "set", "text", *words)
        assert dev("config", "get", "text").out == expected + "\n"


def test_set_all_takes_what_config_prints(dev: Shell) -> None:
    """Objects, secrets and plain values of one stack go into another."""
    text = json.dumps({"o": {"value": '{"a":1}', "objectValue": {"a": 1}, "secret": False}, "s": {"value": "hush", "secret": True}})
    dev("config", "set-all", "--stack", "dev", "--json", text)
    assert dev("config", "get", "s").out == "hush\n"
    assert dev("config", "get", "--path", "o.a").out == "1\n"
    assert "secure:" in (dev.folder / "Pulumi.dev.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("set", "a", "b", "--secret", "--plaintext"), 2, "only one of --secret and --plaintext may be given"),
        (("set-all", "--plaintext", "a"), 2, "config value 'a' must be in the form [key]=[value]"),
        (("set-all", "--json", "{"), 2, "could not parse --json argument"),
        (("set", "a:b:c:d", "x"), 1, "invalid configuration key: could not parse a:b:c:d as a configuration key"),
        (("cp",), 2, "the stack to copy to must be given: --dest STACK"),
    ],
)
def test_wrong_usage(dev: Shell, words: tuple[str, ...], code: int, text: str) -> None:
    """Nothing is written, and the error says what is wrong."""
    assert dev("config", *words, code=code).err.startswith(f"error: {text}")


def test_copies_are_encrypted_for_their_stack(dev: Shell) -> None:
    """Each stack has its own salt; a copied secret must open with the other's."""
    dev("config", "set", "--secret", "token", "hush")
    dev("config", "set", "plain", "x")
    dev("stack", "init", "other", "--no-select")
    dev("config", "cp", "token", "--dest", "other")
    assert json.loads(dev("config", "--json", "--show-secrets", "--stack", "other").out) == {
        "shop:token": {"value": "hush", "secret": True}
    }
    dev("stack", "init", "third", "--copy-config-from", "dev")
    assert dev("config", "get", "token").out == "hush\n"


def test_another_file_may_hold_the_configuration(dev: Shell) -> None:
    """`--config-file` reads and writes it."""
    dev("config", "set", "a", "b", "--config-file", "mine.yaml")
    assert dev("config", "get", "a", "--config-file", "mine.yaml").out == "b\n"
    dev("config", "get", "a", code=1)


def test_refresh_writes_the_last_updates_configuration(dev: Shell) -> None:
    """With a backup, unless it is forced; without an update there is nothing to take."""
    assert dev("config", "refresh", code=1).err == "error: getting latest configuration: no previous deployment\n"
    folder = dev.folder / "state" / ".pulumi" / "history" / "shop" / "dev"
    folder.mkdir(parents=True)
    (folder / "dev-1.history.json").write_text(json.dumps({"kind": "update", "config": {"shop:a": "old"}}))
    dev("config", "set", "a", "new")
    dev("config", "refresh")
    assert dev("config", "get", "a").out == "old\n"
    assert "new" in (dev.folder / "Pulumi.dev.yaml.bak").read_text()
