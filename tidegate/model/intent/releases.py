"""How a stack's releases are carried out."""

from __future__ import annotations

from typing import Literal

from tidegate.model.base import Model


class Releases(Model):
    """How releases behave that others get in the way of."""

    supersede: Literal["refuse", "go-back"] = "refuse"
    """A new version while a release is under way: refused, or the release first goes back."""
