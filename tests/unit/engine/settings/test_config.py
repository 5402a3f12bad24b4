"""Configuration keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings.config import ConfigMap, ConfigValue, parse_key, pretty_key

if TYPE_CHECKING:
    from embedded.engine.settings.config import Cipher


@pytest.mark.parametrize(
    ("text", "path", "key"),
    [
        ("k", False, "shop:k"),
        ("aws:region", False, "aws:region"),
        ("aws:config:region", False, "aws:region"),
        ("k.a", False, "shop:k.a"),
        ("k.a:b", True, "shop:k.a:b"),
        ("aws:k[0].x", True, "aws:k[0].x"),
        ('["a.b"].c', True, 'shop:["a.b"].c'),
    ],
)
def test_keys(text: str, path: bool, key: str) -> None:
    """A key without a namespace is the project's; of a path, only the first part has one."""
    assert parse_key(text, "shop", path=path) == key


@pytest.mark.parametrize("text", ["a:b:c", "a:b:c:d", "a:config:c:d"])
def test_what_is_no_key(text: str) -> None:
    """A key with too many parts is refused."""
    with pytest.raises(ConfigurationError, match=f"invalid configuration key: could not parse {text} as a configuration key"):
        parse_key(text, "shop")


def test_pretty_keys() -> None:
    """People see the project's keys without namespace."""
    assert [pretty_key(k, "shop") for k in ("shop:a", "aws:a", "shopping:a")] == ["a", "aws:a", "shopping:a"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("text", ConfigValue("text")),
        (True, ConfigValue("true")),
        (12, ConfigValue("12")),
        (1.5, ConfigValue("1.5")),
        (None, ConfigValue("")),
        ({"secure": "c"}, ConfigValue("c", secret=True)),
        ({"b": [1, "<"], "a": None}, ConfigValue('{"a":null,"b":[1,"\\u003c"]}', object=True)),
        ({"a": {"secure": "c"}}, ConfigValue('{"a":{"secure":"c"}}', secret=True, object=True)),
        ({"secure": 1}, ConfigValue('{"secure":1}', object=True)),
    ],
)
def test_values_as_text(data: Any, value: ConfigValue) -> None:
    """Every value has a text; objects' is JSON, with Go's escapes."""
    assert ConfigMap.from_data({"shop:k": data}).get("shop:k") == value


# What `config set --path KEY VALUE` makes of a configuration; each was checked with the real CLI.
SET = [
    ({}, "k", "true", "true"),
    ({}, "k.a", "true", {"a": True}),
    ({}, "k.a", "7", {"a": 7}),
    ({}, "k.a", "-5", {"a": -5}),
    ({}, "k.a", "+3", {"a": 3}),
    ({}, "k.a", "01", {"a": "01"}),
    ({}, "k.a", "0", {"a": 0}),
    ({}, "k.a", "1.5", {"a": "1.5"}),
    ({}, "k.a", "True", {"a": "True"}),
    ({}, "k.a", "18446744073709551616", {"a": "18446744073709551616"}),
    ({}, "k[0]", "x", ["x"]),
    ({}, "k[2].a", "x", [None, None, {"a": "x"}]),
    ({}, 'k["a b"].c', "x", {"a b": {"c": "x"}}),
    ({"k": "old"}, "k.a", "x", {"a": "x"}),
    ({"k": ["x"]}, "k[1]", "y", ["x", "y"]),
    ({"k": ["x", "z"]}, "k[1]", "y", ["x", "y"]),
    ({"k": {"a": 1}}, "k.b.c", "x", {"a": 1, "b": {"c": "x"}}),
    ({"k": {"a": 1}}, "k.secure", "x", {"a": 1, "secure": "x"}),
]


@pytest.mark.parametrize(("before", "key", "value", "after"), SET)
def test_setting_by_path(before: dict[str, Any], key: str, value: str, after: Any) -> None:
    """What is nested gets the type that it reads as; what is missing on the way is made."""
    config = ConfigMap.from_data({f"shop:{k}": v for k, v in before.items()})
    config.set(f"shop:{key}", value, path=True)
    assert config.to_data() == {"shop:k": after}
    assert type(config.to_data()["shop:k"]) is type(after)


@pytest.mark.parametrize(
    ("before", "key", "message"),
    [
        (["x"], "k[2]", "k[2]: array index out of range"),
        (["x"], "k[-1]", "k[-1]: array index out of range"),
        (["x"], "k.a", "k.a: key for an array must be an int"),
        ({"a": 1}, "k[0]", "k[0]: key for a map must be a string"),
        ({"a": 1}, "k.a.b", "k.a: expected a map"),
        ({"a": 1}, "k.a[0]", "k.a: expected an array"),
        ({}, "k.secure", 'maps with the single key "secure" are reserved'),
        ({}, "k[", "invalid config key path: missing closing bracket in array index"),
        ({}, '[""]', "config key is empty"),
        ({}, "[0]", "first path segement of config key must be a string"),
        ({}, "", "empty config key path"),
    ],
)
def test_paths_that_lead_nowhere(before: Any, key: str, message: str) -> None:
    """A path that does not fit what is there is refused, in the CLI's words, and nothing changes."""
    config = ConfigMap.from_data({"shop:k": before})
    with pytest.raises(ConfigurationError) as caught:
        config.set(f"shop:{key}", "x", path=True)
    assert str(caught.value) == f"could not set config: {message}"
    assert config.to_data() == {"shop:k": before}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("", "12", "12"), ("string", "12", "12"), ("int", "12", 12), ("bool", "true", True), ("bool", "x", False), ("float", "1.5", 1.5)],
)
def test_setting_with_a_type(kind: str, text: str, value: Any) -> None:
    """Top-level values are text unless a type is given."""
    config = ConfigMap()
    config.set("shop:k", text, kind=kind)
    assert config.to_data() == {"shop:k": value}
    assert type(config.to_data()["shop:k"]) is type(value)


@pytest.mark.parametrize(("kind", "text"), [("int", "x"), ("float", "x"), ("colour", "x")])
def test_types_that_do_not_fit(kind: str, text: str) -> None:
    """A value that is not of its type, and a type that is none, are refused."""
    with pytest.raises(ConfigurationError):
        ConfigMap().set("shop:k", text, kind=kind)


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ({"a": 1, "b": 2}, "k.a", {"b": 2}),
        ([1, 2, 3], "k[1]", [1, 3]),
        ([{"a": 1}], "k[0].a", [{}]),
        ({"a": {"b": 1}}, "k.a.b", {"a": {}}),
        ({"a": 1}, "k.b", {"a": 1}),
        ({"a": 1}, "k[0]", {"a": 1}),
        ([1], "k[5]", [1]),
        ("x", "k.a", "x"),
    ],
)
def test_removing_by_path(before: Any, key: str, after: Any) -> None:
    """What is there goes, and what is not there is no error."""
    config = ConfigMap.from_data({"shop:k": before})
    config.remove(f"shop:{key}", path=True)
    assert config.to_data() == {"shop:k": after}


def test_removing() -> None:
    """Whole keys go, with or without a path; a map must not become what looks like a secret."""
    config = ConfigMap.from_data({"shop:a": 1, "shop:b": 2, "shop:c": {"secure": "x", "d": 1}})
    config.remove("shop:a")
    config.remove("shop:b", path=True)
    config.remove("shop:none")
    config.remove("shop:none.x", path=True)
    assert list(config) == ["shop:c"]
    with pytest.raises(ConfigurationError, match="are reserved"):
        config.remove("shop:c.d", path=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("k", ConfigValue('{"a":[1,{"secure":"c"}]}', secret=True, object=True)),
        ("k.a", ConfigValue('[1,{"secure":"c"}]', secret=True, object=True)),
        ("k.a[0]", ConfigValue("1")),
        ("k.a[1]", ConfigValue("c", secret=True)),
        ("k.a[2]", None),
        ("k.b", None),
        ("k[0]", None),
        ("k.a[0].x", None),
        ("nothing", None),
    ],
)
def test_getting_by_path(key: str, value: ConfigValue | None) -> None:
    """A path finds what is nested, or nothing."""
    assert ConfigMap.from_data({"shop:k": {"a": [1, {"secure": "c"}]}}).get(f"shop:{key}", path=True) == value


def full(cipher: Cipher) -> ConfigMap:
    """A configuration with each kind of value."""
    config = ConfigMap.from_data({"shop:flag": True, "aws:region": "eu", "shop:list": ["<", 1]})
    config.set("shop:token", "hush", cipher=cipher)
    config.set("shop:nested.k", "deep", cipher=cipher, path=True)
    config.set("shop:nested.open", "true", path=True)
    return config


def test_what_programs_get(cipher: Cipher) -> None:
    """Programs get text, objects as JSON, secrets in the clear, and the names of what is secret."""
    values, secret = full(cipher).decrypted(cipher)
    assert values == {
        "aws:region": "eu",
        "shop:flag": "true",
        "shop:list": '["\\u003c",1]',
        "shop:nested": '{"k":"deep","open":true}',
        "shop:token": "hush",
    }
    assert secret == {"shop:token", "shop:nested"}


def test_without_a_cipher_secrets_are_masked(cipher: Cipher) -> None:
    """`pulumi config` shows `[secret]`, inside of objects too."""
    values, _ = full(cipher).decrypted(None)
    assert values["shop:token"] == "[secret]"
    assert values["shop:nested"] == '{"k":"[secret]","open":true}'


def test_the_json_listing(cipher: Cipher) -> None:
    """`config --json` has a value and an object for each key, and nothing of secrets unless they are shown."""
    assert full(cipher).listing(None) == {
        "aws:region": {"value": "eu", "secret": False},
        "shop:flag": {"value": "true", "secret": False},
        "shop:list": {"value": '["\\u003c",1]', "objectValue": ["<", 1], "secret": False},
        "shop:nested": {"secret": True},
        "shop:token": {"secret": True},
    }
    shown = full(cipher).listing(cipher)
    assert shown["shop:nested"] == {"value": '{"k":"deep","open":true}', "objectValue": {"k": "deep", "open": True}, "secret": True}
    assert list(shown["shop:token"]) == ["value", "secret"]
    assert full(cipher).show("shop:nested.k", cipher, path=True) == {"value": "deep", "secret": True}
    assert full(cipher).plain("shop:nested.k", cipher, path=True) == "deep"


def test_history_entries(cipher: Cipher) -> None:
    """A history entry has text for scalars and ciphertexts for secrets, and reads back as configuration."""
    recorded = full(cipher).to_history()
    assert recorded == {
        "aws:region": "eu",
        "shop:flag": "true",
        "shop:list": ["<", 1],
        "shop:nested": {"k": {"secure": "peed"}, "open": True},
        "shop:token": {"secure": "hsuh"},
    }
    assert list(recorded) == sorted(recorded)
    assert ConfigMap.from_data(recorded).decrypted(cipher) == full(cipher).decrypted(cipher)


def test_whole_objects(cipher: Cipher) -> None:
    """`config set-all --json` gives objects as JSON text; a secret one is one secret."""
    config = ConfigMap()
    config.set_object("shop:a", '{"x":[1]}')
    config.set_object("shop:b", '{"x":1}', cipher=cipher)
    assert config.decrypted(cipher) == ({"shop:a": '{"x":[1]}', "shop:b": '{"x":1}'}, frozenset({"shop:b"}))
    with pytest.raises(ConfigurationError, match='could not set --json config for "shop:c"'):
        config.set_object("shop:c", "{")


def test_other_secrets(cipher: Cipher) -> None:
    """Copied to another stack, configuration is under that stack's secrets."""

    class Upper:
        def encrypt(self, text: str) -> str:
            return text.upper()

        def decrypt(self, ciphertext: str) -> str:
            return ciphertext.lower()

    config = full(cipher).reencrypted(cipher, Upper())
    assert config.to_data()["shop:nested"]["k"] == {"secure": "DEEP"}
    assert config.decrypted(Upper()) == full(cipher).decrypted(cipher)


def test_a_map_of_its_own() -> None:
    """A changed copy leaves the original as it was."""
    config = ConfigMap.from_data({"shop:k": {"a": 1}})
    copy = config.copy()
    copy.set("shop:k.a", "2", path=True)
    copy.set("shop:other", "x")
    assert config.to_data() == {"shop:k": {"a": 1}}
    assert len(copy) == 2
    assert "shop:other" in copy
    assert not config.has_secrets()
