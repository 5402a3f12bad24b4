"""Project-level configuration under a stack's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings.config import ConfigMap
from embedded.engine.settings.merge import with_project_config
from embedded.engine.settings.project import Project, ProjectConfig

if TYPE_CHECKING:
    from embedded.engine.settings.config import Cipher


def project(**config: ProjectConfig) -> Project:
    """A project that declares the keys; `__` stands for a namespace's colon."""
    return Project("shop", "python", Path(), Path("Pulumi.yaml"), config={k.replace("__", ":"): v for k, v in config.items()})


@pytest.mark.parametrize(
    ("declared", "given", "merged"),
    [
        (ProjectConfig(default=3), {}, {"shop:k": "3"}),
        (ProjectConfig(default=True), {}, {"shop:k": "true"}),
        (ProjectConfig(default=1.5), {}, {"shop:k": "1.5"}),
        (ProjectConfig(default=["a", 1]), {}, {"shop:k": '["a",1]'}),
        (ProjectConfig(value="x"), {}, {"shop:k": "x"}),
        (ProjectConfig(default="x"), {"shop:k": "y"}, {"shop:k": "y"}),
        (ProjectConfig(default="x"), {"shop:k": None}, {"shop:k": ""}),
        (ProjectConfig(type="integer", default=3), {"shop:k": "7"}, {"shop:k": "7"}),
    ],
)
def test_defaults(declared: ProjectConfig, given: dict[str, Any], merged: dict[str, str]) -> None:
    """A stack's own value goes before the project's; scalars become text."""
    config = ConfigMap.from_data(given)
    assert with_project_config(project(k=declared), "dev", config).decrypted(None)[0] == merged
    assert config.to_data() == given


def test_other_namespaces_and_paths() -> None:
    """A project may set providers' configuration, and parts of an object."""
    declared = {"aws__region": ProjectConfig(value="eu"), "o.a": ProjectConfig(default=1)}
    config = ConfigMap.from_data({"shop:o": {"b": 2}})
    assert with_project_config(project(**declared), "dev", config).decrypted(None)[0] == {
        "aws:region": "eu",
        "shop:o": '{"a":1,"b":2}',
    }


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["a"], "Stack 'dev' is missing configuration value 'a'"),
        (["b", "a"], "Stack 'dev' is missing configuration values 'a' and 'b'"),
        (["c", "b", "a"], "Stack 'dev' is missing configuration values 'a', 'b' and 'c'"),
    ],
)
def test_what_a_project_requires(missing: list[str], message: str) -> None:
    """All missing keys are named at once; who only looks is not bothered."""
    required = project(**{key: ProjectConfig(type="string") for key in missing})
    with pytest.raises(ConfigurationError) as caught:
        with_project_config(required, "dev", ConfigMap())
    assert str(caught.value) == message
    assert len(with_project_config(required, "dev", ConfigMap(), check=False)) == 0


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (ProjectConfig(type="integer"), "x", "must be of type 'integer'"),
        (ProjectConfig(type="integer"), "7", ""),
        (ProjectConfig(type="boolean"), True, ""),
        (ProjectConfig(type="array", items={"type": "integer"}), [1, 2], ""),
        (ProjectConfig(type="array", items={"type": "integer"}), "x", "must be of type 'array<integer>'"),
        (ProjectConfig(type="object"), {"a": 1}, ""),
        (ProjectConfig(type="string", secret=True), "x", "must be encrypted as it's secret"),
        (ProjectConfig(type="string", secret=True), {"secure": "x"}, ""),
        (ProjectConfig(type="integer"), {"secure": "x7"}, "must be of type 'integer'"),
        (ProjectConfig(type="integer"), {"secure": "7"}, ""),
    ],
)
def test_declared_types(declared: ProjectConfig, value: Any, message: str, cipher: Cipher) -> None:
    """A value that is not of its declared type, or not encrypted, is refused."""
    config = ConfigMap.from_data({"shop:k": value})
    if not message:
        with_project_config(project(k=declared), "dev", config, cipher)
        return
    with pytest.raises(ConfigurationError) as caught:
        with_project_config(project(k=declared), "dev", config, cipher)
    assert str(caught.value) == f"Stack 'dev' with configuration key 'k' {message}"


def test_secret_values_are_not_checked_without_a_cipher() -> None:
    """Nobody is asked for a passphrase to have a type checked."""
    config = ConfigMap.from_data({"shop:k": {"secure": "x"}})
    with_project_config(project(k=ProjectConfig(type="integer")), "dev", config)
