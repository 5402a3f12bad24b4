"""Puts the real ports together: a stack, its cluster, its metrics, the people, the time, and whoever is told."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tidegate.analysis.judge import ThresholdJudge
from tidegate.analysis.places import Places
from tidegate.cluster.port import KubernetesCluster
from tidegate.driver.configuring import running_with
from tidegate.driver.ports import Ports
from tidegate.gates.asking import People
from tidegate.gates.scans.gate import Scanned
from tidegate.model.errors import ConfigurationError
from tidegate.model.happening import Happening
from tidegate.model.ledger import Stamp
from tidegate.policing.packs import folders
from tidegate.record.telling import Tellers
from tidegate.stack.port import PulumiStack

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tidegate.driver.ports import Teller
    from tidegate.model.told import Told

_ACTORS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BITBUCKET_STEP_TRIGGERER_UUID", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME")
"""Where CI systems say who has started a job."""


class WallClock:
    """The time that it is."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Let so much pass."""
        time.sleep(seconds)


def opened(stack: str, folder: Path, actor: str, teller: Teller | None, closing: ExitStack) -> Ports:
    """A stack's world, until `closing` closes it."""
    bare = PulumiStack(folder, stack)
    told = _told(bare)
    packs = folders(told.intent.releases.packs, folder)
    port = PulumiStack(folder, stack, packs=packs) if packs else bare
    cluster = closing.enter_context(KubernetesCluster(told.values, folder))
    places = closing.enter_context(Places(cluster.ask))
    return Ports(
        stack=port,
        cluster=cluster,
        judge=ThresholdJudge(places),
        approvals=People(port.full, folder, actor),
        scans=Scanned(folder),
        clock=WallClock(),
        teller=closing.enter_context(_tellers(stack, told, cluster, teller)),
    )


def _told(stack: PulumiStack) -> Told:
    """What says where the cluster is, and who is told. A file that is broken must not keep a release from being taken back."""
    try:
        return stack.told({}, {})
    except ConfigurationError:
        if not any(past.told is not None for past in stack.past()):
            raise
        return running_with(stack)


def _tellers(stack: str, told: Told, cluster: KubernetesCluster, teller: Teller | None) -> Tellers:
    if teller is None:
        return Tellers(told, cluster.ask)

    def warn(text: str) -> None:
        teller.tell(Happening("warning", stack, text, datetime.now(UTC).isoformat()))

    return Tellers(told, cluster.ask, hear=teller.tell, warn=warn)


def whoever() -> str:
    """Who runs this: the person that a CI system names, or the system's user."""
    return next((name for variable in _ACTORS if (name := os.environ.get(variable))), None) or Stamp.now().by
