"""What the package has: every component that a stack is made of."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Final

import pulumi

from components.backups import Backups
from components.environment import Environment
from components.gateway import Gateway
from components.managed import Managed
from components.monitoring import Monitoring
from components.monitors.alertmanager import Alertmanager
from components.monitors.grafana import Grafana
from components.monitors.prometheus import Prometheus
from components.monitors.state_metrics import StateMetrics
from components.postgresql import Postgresql
from components.redis import Redis
from components.secrets import Secrets
from components.smoke import Smoke
from components.traffic import Traffic
from components.workload import Workload

NAME: Final = "tidegate"
COMPONENTS: Final[list[type[pulumi.ComponentResource]]] = [
    Environment,
    Secrets,
    Postgresql,
    Redis,
    Managed,
    Backups,
    Workload,
    Smoke,
    Traffic,
    Gateway,
    Monitoring,
    Prometheus,
    Alertmanager,
    Grafana,
    StateMetrics,
]
