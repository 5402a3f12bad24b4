"""The selected stack and the login."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings import workspace
from embedded.engine.settings.project import Project

URL = "file:///state"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a folder of its own."""
    return Project("shop", "python", tmp_path, tmp_path / "Pulumi.yaml", backend_url="")


def test_selecting(project: Project) -> None:
    """The file has the CLI's name and form, and only its owner may read it."""
    assert workspace.selected_stack(project, URL) is None
    workspace.select_stack(project, URL, "organization/shop/dev")
    workspace.select_stack(project, "file:///other", "organization/shop/prod")
    file = workspace.settings_file(project)
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    assert file == Path(os.environ["PULUMI_HOME"]) / "workspaces" / f"shop-{digest}-workspace.json"
    assert json.loads(file.read_text()) == {"stacks": {URL: "organization/shop/dev", "file:///other": "organization/shop/prod"}}
    assert file.stat().st_mode & 0o777 == 0o600
    assert workspace.selected_stack(project, URL) == "organization/shop/dev"
    workspace.select_stack(project, URL, None)
    assert workspace.selected_stack(project, URL) is None
    workspace.select_stack(project, "file:///other", None)
    assert not file.exists()


def test_the_variable_goes_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """PULUMI_STACK selects for one call."""
    workspace.select_stack(project, URL, "organization/shop/dev")
    monkeypatch.setenv("PULUMI_STACK", "prod")
    assert workspace.selected_stack(project, URL) == "prod"


def test_an_old_selection(project: Project) -> None:
    """Old CLIs kept one stack for all backends; selecting none forgets it."""
    file = workspace.settings_file(project)
    file.parent.mkdir(parents=True)
    file.write_text('{"stack": "dev"}')
    assert workspace.selected_stack(project, URL) == "dev"
    workspace.select_stack(project, URL, None)
    assert workspace.selected_stack(project, URL) is None


def test_which_backend(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, then the project, then the login."""
    assert workspace.backend_url(project) is None
    workspace.login(URL)
    assert workspace.backend_url(project) == workspace.backend_url(None) == URL
    own = Project("shop", "python", project.root, project.file, backend_url="file:///own")
    assert workspace.backend_url(own) == "file:///own"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///now")
    assert workspace.backend_url(own) == "file:///now"


def test_logging_out() -> None:
    """The current login, or a named one, is forgotten; others stay."""
    workspace.login("file:///a")
    workspace.login("file:///b")
    workspace.logout("file:///a")
    assert workspace.backend_url(None) == "file:///b"
    workspace.logout()
    assert workspace.backend_url(None) is None


def test_the_default_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PULUMI_HOME it is in the home folder."""
    monkeypatch.delenv("PULUMI_HOME")
    assert workspace.home() == Path(os.environ["HOME"]) / ".pulumi"


def test_broken_files(project: Project) -> None:
    """A file that cannot be read or written is an error with its path and what to do."""
    file = workspace.settings_file(project)
    file.parent.mkdir(parents=True)
    file.write_text("{")
    with pytest.raises(ConfigurationError, match=r"could not parse file .*workspace.json.*delete it"):
        workspace.selected_stack(project, URL)
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigurationError, match="could not parse file"):
        workspace.select_stack(project, URL, "dev")
