"""Pulumi.<stack>.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.engine.model.errors import ConfigurationError, NotSupportedError
from embedded.engine.settings.project import Project
from embedded.engine.settings.stack import StackSettings, rename_settings

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.settings.config import Cipher


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a stack's settings would be."""
    return tmp_path / "Pulumi.dev.yaml"


def test_a_file_that_is_not_there(file: Path) -> None:
    """A stack without settings has none, and nothing is written until there are any."""
    settings = StackSettings.load(file, "shop")
    settings.save()
    assert not file.exists()
    settings.encryption_salt = "v1:a:b"
    settings.config.set("shop:k", "v")
    settings.save()
    assert file.read_text() == "encryptionsalt: v1:a:b\nconfig:\n  shop:k: v\n"


def test_what_is_read(file: Path, cipher: Cipher) -> None:
    """Keys without a namespace are the project's, and the old spelling of keys is known."""
    file.write_text(
        "\ufeffsecretsprovider: passphrase\nencryptedkey: k\nencryptionsalt: s\nconfig:\n"
        "  a: 1\n  aws:region: eu\n  aws:config:zone: b\n  shop:s:\n    secure: hsuh\n",
        encoding="utf-8",
    )
    settings = StackSettings.load(file, "shop")
    assert (settings.secrets_provider, settings.encrypted_key, settings.encryption_salt) == ("passphrase", "k", "s")
    assert settings.config.decrypted(cipher)[0] == {"aws:region": "eu", "aws:zone": "b", "shop:a": "1", "shop:s": "hush"}


def test_saving_changes_nothing_else(file: Path) -> None:
    """Comments, unknown sections and the spelling of keys survive."""
    text = "# top\nencryptionsalt: s\nconfig:\n  a: 1 # one\n  shop:b: x\nthing: [1]\n"
    file.write_text(text)
    settings = StackSettings.load(file, "shop")
    settings.save()
    assert file.read_text() == text
    settings.config.set("shop:b", "z")
    settings.config.remove("shop:a")
    settings.save()
    assert file.read_text() == "# top\nencryptionsalt: s\nconfig:\n  shop:b: z\nthing: [1]\n"
    settings.config.remove("shop:b")
    settings.encryption_salt = ""
    settings.save()
    assert file.read_text() == "thing: [1]\n"


def test_a_save_keeps_the_files_mode_and_link(file: Path, tmp_path: Path) -> None:
    """A file that only its owner may read stays so, and a symbolic link stays one."""
    target = tmp_path / "elsewhere.yaml"
    target.write_text("config:\n  a: 1\n")
    target.chmod(0o600)
    file.symlink_to(target)
    settings = StackSettings.load(file, "shop")
    settings.config.set("shop:a", "2")
    settings.save()
    assert file.is_symlink()
    assert target.read_text() == 'config:\n  a: "2"\n'
    assert target.stat().st_mode & 0o777 == 0o600


def test_json_settings(tmp_path: Path) -> None:
    """A project in JSON has its stacks' settings in JSON."""
    file = tmp_path / "Pulumi.dev.json"
    settings = StackSettings.load(file, "shop")
    settings.config.set("shop:a.b", "1", path=True)
    settings.save()
    assert file.read_text() == '{\n    "config": {\n        "shop:a": {\n            "b": 1\n        }\n    }\n}\n'
    assert StackSettings.load(file, "shop").config.to_data() == {"shop:a": {"b": 1}}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Pulumi.dev.yaml", "config: [", "invalid YAML file"),
        ("Pulumi.dev.yaml", "- 1", "expected a map at the top"),
        ("Pulumi.dev.yaml", "config: 1", "`config` should be a map"),
        ("Pulumi.dev.yaml", "config:\n  a:b:c: 1", "could not parse a:b:c as a configuration key"),
        ("Pulumi.dev.json", "{", "could not unmarshal"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A file that cannot be read is an error with its name."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        StackSettings.load(tmp_path / name, "shop")
    assert str(tmp_path / name) in str(caught.value)


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    """What cannot be read or written is an error with its path."""
    with pytest.raises(ConfigurationError, match="could not read"):
        StackSettings.load(tmp_path, "shop")
    settings = StackSettings(tmp_path, "shop")
    settings.config.set("shop:a", "1")
    with pytest.raises(ConfigurationError, match="could not write"):
        settings.save()
    assert list(tmp_path.parent.glob("*.tmp")) == []


def test_environments_are_refused_by_name(file: Path) -> None:
    """ESC environments exist in Pulumi Cloud alone; the section is kept."""
    file.write_text("environment:\n  - team/dev\n")
    settings = StackSettings.load(file, "shop")
    with pytest.raises(NotSupportedError, match="environments"):
        settings.refuse_environment()
    settings.config.set("shop:a", "x")
    settings.save()
    assert file.read_text() == "environment:\n  - team/dev\nconfig:\n  shop:a: x\n"
    StackSettings(file, "shop").refuse_environment()


def test_renaming(tmp_path: Path) -> None:
    """A renamed stack takes its settings along; one without settings has none to take."""
    project = Project("shop", "python", tmp_path, tmp_path / "Pulumi.yaml")
    rename_settings(project, "dev", "prod")
    project.stack_file("dev").write_text("config: {}\n")
    rename_settings(project, "dev", "prod")
    assert [p.name for p in tmp_path.iterdir()] == ["Pulumi.prod.yaml"]
