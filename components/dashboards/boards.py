"""All dashboards of a stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from components.dashboards.application import application
from components.dashboards.build import grafana
from components.dashboards.database import database
from components.dashboards.infrastructure import infrastructure
from components.dashboards.overview import overview
from components.dashboards.release import release
from components.dashboards.security import security

if TYPE_CHECKING:
    from components.dashboards.build import Board
    from components.watch import Watch


def boards(watch: Watch) -> tuple[Board, ...]:
    """The dashboards; that of the databases only where there are any."""
    found = (overview(watch), application(watch), infrastructure(watch), database(watch), security(watch), release(watch))
    return tuple(board for board in found if board.rows)


def written(watch: Watch) -> dict[str, str]:
    """The dashboards as Grafana reads them, by slug."""
    return {board.slug: json.dumps(grafana(board, watch), separators=(",", ":")) for board in boards(watch)}
