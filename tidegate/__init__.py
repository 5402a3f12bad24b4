"""Releases of services with Pulumi, each step a stack update.

Layers: cli > driver > what it goes by (stack, cluster, analysis, gates, record, program) > planner > model. The engine for machines
without a Pulumi CLI is the package `embedded`, which knows nothing of this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.driver.releases import Releases

__all__ = ["Releases"]


def __getattr__(name: str) -> Any:
    """What costs time to import is imported when somebody wants it."""
    if name == "Releases":
        from tidegate.driver.releases import Releases

        return Releases
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
