"""Stack names."""

from __future__ import annotations

import pytest

from embedded.engine.backend.naming import StackName
from embedded.engine.model.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "project", "full"),
    [
        ("dev", "shop", "organization/shop/dev"),
        ("organization/dev", "shop", "organization/shop/dev"),
        ("organization/other/dev", "shop", "organization/other/dev"),
        ("organization/other/dev", None, "organization/other/dev"),
        ("a.b_c-1", "shop", "organization/shop/a.b_c-1"),
    ],
)
def test_names(text: str, project: str | None, full: str) -> None:
    """A name may leave out what the project says."""
    assert StackName.parse(text, project).full == full


@pytest.mark.parametrize(
    ("text", "project", "message"),
    [
        ("", "shop", "stack name must not be empty"),
        ("acme/dev", "shop", "organization name must be 'organization'"),
        ("dev", None, "no Pulumi.yaml project file found"),
        ("a b", "shop", "invalid character ' ' at position 1"),
        ("é", "shop", "invalid character 'é' at position 0"),
        ("x" * 101, "shop", "cannot exceed 100 characters"),
        ("organization/shop/", "shop", "may not be empty"),
        ("organization/sh op/dev", "shop", "project names may only contain"),
        (f"organization/{'x' * 101}/dev", "shop", "limited to 100 characters"),
        ("a/b/c/d", "shop", "too many parts"),
    ],
)
def test_what_is_no_name(text: str, project: str | None, message: str) -> None:
    """A name that no stack can have is refused, with the reason."""
    with pytest.raises(ConfigurationError, match=message):
        StackName.parse(text, project)


def test_short_names() -> None:
    """People see the short name of the current project's stacks."""
    assert StackName("shop", "dev").short("shop") == "dev"
    assert StackName("shop", "dev").short("other") == "organization/shop/dev"
