"""`whoami`, `login`, `logout`, `org`, `plugin`, `about`, `version`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedded.engine import ENGINE_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.unit.engine.command.conftest import Shell


def test_version_is_the_clis(pulumi: Shell) -> None:
    """The Automation API parses it, and chooses by it how events come."""
    assert pulumi("version").out == f"v{ENGINE_VERSION}\n"


def test_whoami(pulumi: Shell) -> None:
    """The user's name, and with `--json` the backend."""
    name = pulumi("whoami").out.strip()
    assert json.loads(pulumi("whoami", "--json").out) == {"user": name, "url": f"file://{pulumi.folder / 'state'}"}
    assert f"Backend URL: file://{pulumi.folder / 'state'}\n" in pulumi("whoami", "-v").out


def test_login_is_remembered_and_forgotten(pulumi: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login counts where the environment names no backend."""
    (tmp_path / "elsewhere").mkdir()
    url = f"file://{tmp_path / 'elsewhere'}"
    assert "conflicts with the login URL" in pulumi("login", url).err
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert json.loads(pulumi("whoami", "--json").out)["url"] == url
    assert pulumi("logout").out == f"Logged out of {url}\n"
    pulumi("whoami", code=3)


def test_cloud_backends_are_refused_by_name(pulumi: Shell) -> None:
    """Pulumi Cloud is none of ours."""
    assert "the Pulumi Cloud backend" in pulumi("login", "https://api.pulumi.com", code=1).err


def test_there_are_no_organizations(pulumi: Shell) -> None:
    """As the CLI says of DIY backends."""
    assert "do not support organizations" in pulumi("org", "get-default", code=1).err


def test_plugins_are_listed_and_removed_but_not_downloaded(pulumi: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI's cache is looked at; what is there counts as installed."""
    home = pulumi.folder / "home"
    monkeypatch.setenv("PULUMI_HOME", str(home))
    assert pulumi("plugin", "ls", "--json").out == "[]\n"
    folder = home / "plugins" / "resource-toy-box-v1.2.3"
    folder.mkdir(parents=True)
    (folder / "pulumi-resource-toy-box").write_text("x" * 1500)
    (plugin,) = json.loads(pulumi("plugin", "ls", "--json").out)
    assert {k: plugin[k] for k in ("name", "kind", "version", "size")} == {
        "name": "toy-box",
        "kind": "resource",
        "version": "1.2.3",
        "size": 1500,
    }
    assert plugin["installTime"].endswith("Z")
    assert "1.5 kB" in pulumi("plugin", "ls").out
    pulumi("plugin", "install", "resource", "toy-box", "v1.2.3")
    assert "plugins/resource-other-v2.0.0" in pulumi("plugin", "install", "resource", "other", "2.0.0", code=1).err
    assert pulumi("plugin", "rm", "resource", "toy-box", "--yes").out == "removed: resource toy-box v1.2.3\n"
    assert pulumi("plugin", "rm", "resource", "--yes").err == "no plugins found to uninstall\n"


def test_about_names_the_backend_and_the_stack(dev: Shell) -> None:
    """What a bug report needs, also as JSON."""
    report = json.loads(dev("about", "--json").out)
    assert report["cliAbout"]["version"] == ENGINE_VERSION
    assert report["currentStack"]["fullyQualifiedName"] == "organization/shop/dev"
    assert "Current Stack: organization/shop/dev" in dev("about").out
