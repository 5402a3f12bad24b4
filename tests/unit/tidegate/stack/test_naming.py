"""A stack's full name."""

from __future__ import annotations

import pytest

from tidegate.stack.naming import full_name


@pytest.mark.parametrize(
    ("typed", "backend", "full"),
    [
        ("prod", "file:///state", "organization/shop/prod"),
        ("organization/prod", "s3://bucket", "organization/shop/prod"),
        ("organization/shop/prod", "file:///state", "organization/shop/prod"),
        ("acme/shop/prod", "https://api.pulumi.com", "acme/shop/prod"),
        ("acme/prod", "https://api.pulumi.com", "acme/shop/prod"),
        ("prod", "https://api.pulumi.com", "shop/prod"),
    ],
)
def test_a_stack_has_one_name_however_it_is_typed(typed: str, backend: str, full: str) -> None:
    """With organization and project; of Pulumi Cloud's organizations only it knows which is one's own."""
    assert full_name(typed, "shop", backend) == full
