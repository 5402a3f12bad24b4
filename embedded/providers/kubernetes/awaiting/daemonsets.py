"""DaemonSets: ready when every node that is to have a pod has an updated and ready one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.generic import CONDITION_OVERDUE, compute
from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.podsources import owned_pods, pods_of_selector

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import View


def _judge(view: View) -> Verdict:
    current, message = compute(view.object)
    return Verdict(ready=current, reasons=(message,), says=(("info", message),))


KIND = Kind(_judge, pods_of_selector, owned_pods, overdue=CONDITION_OVERDUE)
