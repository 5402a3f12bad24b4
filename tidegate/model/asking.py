"""How those who know nothing of clusters ask the stack's API server for something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Asks(Protocol):
    """Who may ask the API server, with the stack's own kubeconfig."""

    def __call__(self, path: str, params: Mapping[str, str], /) -> tuple[int, Any]:
        """The status and the body of a GET: JSON as such, anything else as text. `UnreachableError` when no answer is to be had."""
