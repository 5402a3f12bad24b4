"""The values of sets of secrets, for whoever tells people: the stack's own, or what the External Secrets Operator has brought."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from tidegate.model.errors import TidegateError
from tidegate.record.posting import UntoldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.asking import Asks
    from tidegate.model.told import Told


class Secrets:
    """Looks values up when they are needed. They are never kept, shown or logged."""

    def __init__(self, told: Told, ask: Asks | None) -> None:
        self._told, self._ask = told, ask

    def of(self, name: str) -> Mapping[str, str]:
        """The values of a set."""
        found = self._told.intent.secrets.get(name)
        if found is None or found.external is None:
            return found.values if found is not None else {}
        if self._ask is None:
            raise UntoldError(f"the values of the set {name} are in a store outside, and there is no cluster that has them")
        space = self._told.intent.environment.namespace
        try:
            code, body = self._ask(f"/api/v1/namespaces/{space}/secrets/{name}", {})
        except TidegateError as error:
            raise UntoldError(f"the set {name} can't be read from the cluster: {error}") from None
        if code != 200 or not isinstance(body, dict):
            raise UntoldError(f"the Secret {space}/{name} can't be read from the cluster (HTTP {code})")
        return _decoded(name, body.get("data") or {})


def _decoded(name: str, data: Mapping[str, str]) -> dict[str, str]:
    try:
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    except (binascii.Error, UnicodeDecodeError):
        raise UntoldError(f"the Secret {name} in the cluster has values that are no text") from None
