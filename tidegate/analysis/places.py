"""Where a stack's Prometheus is: at the address that the intent says, in the stack itself, or where its operator has put it.

A simulated cluster (`tidegate local`) runs no images, so no Prometheus either, and measures by itself: it is asked where.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tidegate.analysis.prometheus import Prometheus
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from tidegate.analysis.doors import Door, HttpDoor
    from tidegate.analysis.metrics import Metrics
    from tidegate.model.asking import Asks
    from tidegate.model.told import Told

TOKEN, USER, PASSWORD = "prometheus-token", "prometheus-username", "prometheus-password"
"""Keys of the set `monitoring.secret`."""
_ENVIRONMENT: Final = {name: f"TIDEGATE_{name.upper().replace('-', '_')}" for name in (TOKEN, USER, PASSWORD)}
"""The variables that go before the set."""
_OWN: Final = ("prometheus", "9090")
_OPERATOR: Final = ("prometheus-operated", "web")
"""The Service that the Prometheus operator makes for each Prometheus."""
_SIMULATED: Final = "/control/"


class Places:
    """Finds each stack's Prometheus, once."""

    def __init__(self, ask: Asks | None, environment: Mapping[str, str] = os.environ) -> None:
        """`ask` asks the API server of the stack's cluster, with the stack's own kubeconfig."""
        self._ask, self._environment = ask, environment
        self._found: dict[tuple[str | None, ...], Metrics] = {}
        self._doors: list[HttpDoor] = []

    def __call__(self, told: Told) -> Metrics:
        """Where what the stack was told is measured."""
        monitoring = told.intent.monitoring
        secrets = self._secrets(told)
        key = (monitoring.prometheus, monitoring.kind, monitoring.namespace, told.intent.environment.namespace, *secrets.values())
        if key not in self._found:
            self._found[key] = Prometheus(self._door(told, secrets))
        return self._found[key]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors:
            door.close()
        self._doors.clear()
        self._found.clear()

    def _door(self, told: Told, secrets: Mapping[str, str | None]) -> Door:
        # Who measures nothing doesn't wait for an HTTP client to be imported.
        from tidegate.analysis.doors import ServiceDoor

        monitoring, space = told.intent.monitoring, told.intent.environment.namespace
        if monitoring.prometheus is not None:
            token, user, password = secrets[TOKEN], secrets[USER], secrets[PASSWORD]
            return self._straight(monitoring.prometheus, token, (user, password) if user and password else None)
        if self._ask is not None:
            if simulated := _simulated(self._ask):
                return self._straight(simulated)
            if monitoring.kind == "own":
                return ServiceDoor(self._ask, space, *_OWN)
            if monitoring.kind == "operator":
                return ServiceDoor(self._ask, monitoring.namespace, *_OPERATOR)
        raise UnreachableError(
            f"{told.origin}: candidates are to be judged by what is measured, but nobody measures: set monitoring.prometheus to a "
            "Prometheus's address, or monitoring.kind to own or operator"
        )

    def _straight(self, url: str, token: str | None = None, user: tuple[str, str] | None = None) -> HttpDoor:
        from tidegate.analysis.doors import HttpDoor

        self._doors.append(HttpDoor(url, token=token, user=user))
        return self._doors[-1]

    def _secrets(self, told: Told) -> dict[str, str | None]:
        name = told.intent.monitoring.secret
        values = told.intent.secrets[name].values if name in told.intent.secrets else {}
        return {key: self._environment.get(variable) or values.get(key) for key, variable in _ENVIRONMENT.items()}


def _simulated(ask: Asks) -> str | None:
    """Where a simulated cluster measures; others have no such path, or nobody may go there."""
    code, body = ask(_SIMULATED, {})
    match code, body:
        case 200, {"prometheus": str() as url}:
            return url
    return None
