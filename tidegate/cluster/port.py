"""The cluster port over a Kubernetes API server: the very one that the stack's own updates go to.

Nothing is kept between calls but connections. What a stack has in the cluster is known from its state, which each call is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tidegate.cluster import checking, leading, looking, routing, sizing
from tidegate.cluster.access import Access
from tidegate.cluster.room import lacks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tidegate.model.base import Slot
    from tidegate.model.comparing import Values
    from tidegate.model.health import Health
    from tidegate.model.intent.service import Check
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen


class KubernetesCluster:
    """The cluster that a stack's configuration leads to. It may be used by several threads, and is to be closed."""

    def __init__(self, values: Values, folder: Path) -> None:
        """`values` is the stack's configuration, `folder` the project's: paths in the configuration begin there."""
        self._access = Access(values.texts, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._access.close()

    def health(self, reading: Reading) -> Mapping[str, Health]:
        """How each service's slots are just now."""
        return self._access.run(lambda api: looking.health(api, reading))

    def traffic(self, reading: Reading) -> Mapping[str, Seen]:
        """Where users go just now. While a gateway hasn't taken a route as it is, either slot may get anything: both have 100 then."""
        return self._access.run(lambda api: routing.traffic(api, reading))

    def lead(self, reading: Reading, weights: Mapping[str, int], *, force: bool = False) -> None:
        """Patch the routes at once: so many percent for the slot that the ledger has as each service's candidate.

        To take back what was promoted is to give 100 to the candidate, which is the old slot then; callers inside go there, too. Returns
        when the API server has taken all of it; `traffic` tells when the gateways have. `DriftError` names who else has changed a route;
        `force` takes it from them.
        """
        self._access.run(lambda api: leading.lead(api, reading, weights, force=force))

    def check(self, told: Told, service: str, slot: Slot, check: Check) -> str | None:
        """Run a check against a slot, as a Job; what was wrong, if anything was: the end of its log."""
        return self._access.run(lambda api: checking.check(api, told, service, slot, check), checking.limit(check))

    def room(self, told: Told, reading: Reading) -> Sequence[str]:
        """What the namespace's quotas lack for the candidates, a sentence each."""
        return self._access.run(lambda api: lacks(api, told, reading))

    def drift(self, reading: Reading) -> Sequence[str]:
        """What of the services' objects isn't as the last update left it, a sentence each."""
        # What compares objects is the provider's, and takes long to import.
        from tidegate.cluster import drifting

        return self._access.run(lambda api: drifting.drift(api, reading))

    def empty(self, reading: Reading, service: str) -> None:
        """Take a candidate's pods away at once, for an emergency. Refused while users may still get there."""
        self._access.run(lambda api: sizing.empty(api, reading, service))

    def ask(self, path: str, params: Mapping[str, str]) -> tuple[int, Any]:
        """The status and the body of a GET (`model.asking.Asks`): for metrics and secrets that are in the cluster."""
        return self._access.run(lambda api: api.ask(path, params))
