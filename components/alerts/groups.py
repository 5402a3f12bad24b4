"""All rules of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.alerts.capacity import capacity
from components.alerts.data import data
from components.alerts.objectives import objectives, recordings
from components.alerts.pods import pods
from components.alerts.releases import releases
from components.alerts.security import security
from components.alerts.services import services
from components.watch import watch, watch_of

if TYPE_CHECKING:
    from components.alerts.rules import Group
    from components.watch import Watch
    from tidegate.model.intent.intent import Intent


def groups(of: Watch) -> tuple[Group, ...]:
    """Everything that is measured and told of what is watched."""
    found = (*recordings(of), objectives(of), services(of), pods(of), capacity(of), data(of), security(of), releases(of))
    return tuple(group for group in found if group.rules)


def alerts(intent: Intent) -> tuple[Group, ...]:
    """Everything that is measured and told of an intent's stack."""
    return groups(watch(watch_of(intent)))
