"""Configuration through the Automation API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pulumi
import pytest
from pulumi import automation
from pulumi.automation import ConfigValue

from tests.local.automation.place import plain

if TYPE_CHECKING:
    from tests.local.automation.place import Place

_TEXTS: Final = (
    *("plain", "", "two\nlines\n", "a: b # c", "--flag", "-", "  spaced ", "é\u2028🎉", "true", "007", "{}", "'\"\\", "=x=", "null", "1e3"),
)


def _program() -> None:
    config = pulumi.Config()
    pulumi.export("size", config.get("size"))
    pulumi.export("token", config.get_secret("token"))
    pulumi.export("nested", config.get_object("nested"))
    pulumi.export("region", pulumi.Config("aws").get("region"))


def _told(stack: automation.Stack) -> dict[str, tuple[str, bool]]:
    return {k: (v.value, v.secret) for k, v in stack.get_all_config().items()}


@pytest.mark.matrix
def test_any_text_comes_back_as_it_was(place: Place) -> None:
    """A value is text, whatever it looks like, secret or not; set alone or with others."""
    stack = place.inline(_program)
    wanted = {f"shop:k{i}{'s' if secret else ''}": (text, secret) for i, text in enumerate(_TEXTS) for secret in (False, True)}
    stack.set_all_config({k: ConfigValue(text, secret) for k, (text, secret) in wanted.items()})
    assert _told(stack) == wanted
    # What a command might take for something else of its own.
    for text in ("", "two\nlines\n", "--flag"):
        stack.set_config("alone", ConfigValue(text))
        got = stack.get_config("alone")
        assert (got.value, got.secret) == (text, False)
    written = (place.work("work-shop") / "Pulumi.dev.yaml").read_text()
    assert "encryptionsalt" in written


def test_one_value_after_the_other(place: Place) -> None:
    """Values are set, read alone and together, changed, removed alone and together; other namespaces too."""
    stack = place.inline(_program)
    stack.set_config("size", ConfigValue("3"))
    stack.set_config("shop:token", ConfigValue("hush", secret=True))
    stack.set_config("aws:region", ConfigValue("eu-north-1"))
    secret = stack.get_config("token")
    assert (secret.value, secret.secret) == ("hush", True)
    assert _told(stack) == {"shop:size": ("3", False), "shop:token": ("hush", True), "aws:region": ("eu-north-1", False)}
    stack.set_config("token", ConfigValue("plain"))
    assert stack.get_config("token").secret is False
    stack.remove_config("size")
    with pytest.raises(automation.CommandError, match="configuration key 'size' not found for stack 'dev'"):
        stack.get_config("size")
    stack.remove_all_config(["aws:region", "token", "never-set"])
    assert _told(stack) == {}


@pytest.mark.matrix
def test_paths_reach_into_objects(place: Place) -> None:
    """With `path` a key reaches into objects and lists, to set, read and remove; without it is a plain key."""
    stack = place.inline(_program)
    stack.set_config("nested.list[0]", ConfigValue("first"), path=True)
    stack.set_config("nested.list[1]", ConfigValue("second"), path=True)
    stack.set_config('nested["odd.key"]', ConfigValue("hush", secret=True), path=True)
    stack.set_config("nested.number", ConfigValue("3"), path=True)
    stack.set_config("nested.flag", ConfigValue("true"), path=True)
    stack.set_config("not.a.path", ConfigValue("text"))
    assert stack.get_config("nested.list[1]", path=True).value == "second"
    odd = stack.get_config('nested["odd.key"]', path=True)
    assert (odd.value, odd.secret) == ("hush", True)
    assert stack.get_config("not.a.path").value == "text"
    nested = stack.get_all_config()["shop:nested"]
    assert nested.secret is True
    assert json.loads(nested.value) == {"list": ["first", "second"], "odd.key": "hush", "number": 3, "flag": True}
    stack.remove_config("nested.list[0]", path=True)
    stack.remove_all_config(['nested["odd.key"]', "nested.flag"], path=True)
    assert json.loads(stack.get_config("nested").value) == {"list": ["second"], "number": 3}
    stack.set_all_config({"nested.list[0]": ConfigValue("changed"), "other.deep": ConfigValue("x", secret=True)}, path=True)
    assert json.loads(stack.get_config("other").value) == {"deep": "x"}
    assert json.loads(stack.get_config("nested").value)["list"] == ["changed"]


def test_the_program_sees_what_was_set(place: Place) -> None:
    """Text, secrets and objects reach the program; the outputs made of secrets are secret, in the history too."""
    stack = place.inline(_program)
    stack.set_all_config({"size": ConfigValue("3"), "token": ConfigValue("hush", secret=True), "aws:region": ConfigValue("north")})
    stack.set_config("nested.list[0]", ConfigValue("first"), path=True)
    result = stack.up()
    assert plain(result.outputs) == {"size": "3", "token": "hush", "nested": {"list": ["first"]}, "region": "north"}
    assert {k for k, v in result.outputs.items() if v.secret} == {"token"}
    assert result.summary.config["shop:token"].value == "hush"
    hidden = stack.history(show_secrets=False)[0].config["shop:token"]
    assert (hidden.value, hidden.secret) == ("[secret]", True)
    assert "hush" not in result.stdout


def test_the_configuration_of_the_last_update_is_fetched(place: Place) -> None:
    """`refresh_config` takes what the last update was given; before there is one, that is an error."""
    stack = place.inline(_program)
    stack.set_all_config({"size": ConfigValue("3"), "token": ConfigValue("hush", secret=True)})
    with pytest.raises(automation.CommandError, match=r"has not been updated|no previous deployment"):
        stack.refresh_config()
    stack.up()
    stack.set_config("size", ConfigValue("4"))
    stack.remove_config("token")
    stack.refresh_config()
    assert _told(stack) == {"shop:size": ("3", False), "shop:token": ("hush", True)}


def test_json_sets_many(place: Place) -> None:
    """`set_all_config_json` takes what `config --json` says."""
    stack = place.inline(_program)
    values = {
        "shop:size": {"value": "3"},
        "shop:token": {"value": "hush", "secret": True},
        "shop:nested": {"value": '{"a":[1]}', "objectValue": {"a": [1]}},
    }
    stack.set_all_config_json(json.dumps(values))
    assert plain(stack.up().outputs) == {"size": "3", "token": "hush", "nested": {"a": [1]}}


def test_another_settings_file(place: Place) -> None:
    """`config_file` names the file with the settings of one operation."""
    stack = place.inline(_program)
    stack.set_config("size", ConfigValue("3"))
    other = place.folder / "other.yaml"
    other.write_text("config:\n  shop:size: '4'\n  shop:nested: {deep: [yes, 1]}\n")
    assert plain(stack.up(config_file=str(other)).outputs)["size"] == "4"
    assert plain(stack.up().outputs)["size"] == "3"


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, "incorrect passphrase"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, "incorrect passphrase"),
    ],
)
def test_secrets_need_the_passphrase(place: Place, environment: dict[str, str], text: str) -> None:
    """Without the right passphrase no secret is shown, and the error says why."""
    stack = place.inline(_program)
    stack.set_config("token", ConfigValue("hush", secret=True))
    stack.workspace.env_vars = {**stack.workspace.env_vars, **environment}
    with pytest.raises(automation.CommandError, match=text) as caught:
        stack.get_config("token")
    assert "hush" not in str(caught.value)
