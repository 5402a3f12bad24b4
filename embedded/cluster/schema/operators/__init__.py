"""The kinds of the operators that production clusters have: Prometheus', External Secrets', cert-manager's.

Stacks declare monitors, rules, secrets and certificates, so a cluster that knew none of them couldn't take a production stack: here they
are there from the start. The tables hold fields, defaults and bounds as the operators' newer releases have them; where an operator has an
admission webhook that refuses a common mistake, the schema refuses it here. Applying the upstream definitions replaces them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.schema.operators import certificates, monitoring, secrets

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj


def definitions() -> list[Obj]:
    """The definitions of all these kinds."""
    return [*monitoring.definitions(), *secrets.definitions(), *certificates.definitions()]
