"""Prometheus and Alertmanager on 127.0.0.1, with the series that a stack's rules and dashboards speak of. Nothing is sent anywhere."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from embedded.node.add_ons import discovery, envoy
from embedded.node.add_ons.add_on import AddOn, role
from embedded.node.parts import apiserver
from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.node.add_ons.add_on import Object
    from embedded.node.parts.part import Setup

# A test that looks at a release can't wait half a minute for each value.
_INTERVAL: Final = "2s"
_KUBELET: Final = 10250
_RULES: Final = (("", "pods", "list watch"), ("", "nodes/metrics", "get"))


def _parts(setup: Setup) -> list[Part]:
    here, folder = "127.0.0.1", setup.folder.path / "monitoring"
    prometheus, alertmanager = setup.config("prometheus.yml"), setup.config("alertmanager.yml")
    ports = {name: setup.doors[name] for name in ("prometheus", "alertmanager")}
    asks = [
        setup.commands["prometheus"],
        f"--config.file={prometheus}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={here}:{ports['prometheus']}",
        # New rules are taken without a restart.
        "--web.enable-lifecycle",
        # For some seconds after a start or a reload it knows no Alertmanager; what it would have said then is said again soon.
        "--rules.alert.resend-delay=5s",
        "--log.level=warn",
    ]
    tells = [
        setup.commands["prometheus-alertmanager"],
        f"--config.file={alertmanager}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={here}:{ports['alertmanager']}",
        "--cluster.listen-address=",
    ]
    # Alerts are to be seen, and nobody is told.
    silent = json.dumps({"route": {"receiver": "nobody", "group_wait": "1s"}, "receivers": [{"name": "nobody"}]})
    follows = [
        *(sys.executable, "-m", discovery.__name__),
        *flags(server=apiserver.url(setup), file=str(_targets(setup)), authority=setup.pki("ca.crt")),
        *flags(certificate=setup.pki("monitoring.crt"), key=setup.pki("monitoring.key")),
    ]
    return [
        Part("discovery", tuple(follows), _targets(setup), {_targets(setup): "[]"}, {"PYTHONPATH": os.pathsep.join(sys.path)}),
        Part("prometheus", tuple(asks), (here, ports["prometheus"]), {prometheus: _configuration(setup)}, healthy="/-/ready"),
        Part("alertmanager", tuple(tells), (here, ports["alertmanager"]), {alertmanager: silent}, healthy="/-/ready"),
    ]


def _targets(setup: Setup) -> Path:
    return setup.folder.path / "monitoring" / "pods.json"


def _configuration(setup: Setup) -> str:
    address, metrics = setup.network.address, envoy.METRICS
    jobs = [
        {"job_name": "pods", "file_sd_configs": [{"files": [str(_targets(setup))]}]},
        _kubelet(setup, "cadvisor", "/metrics/cadvisor", "container_.+"),
        _kubelet(setup, "volumes", "/metrics", "kubelet_volume_stats_.+"),
        {"job_name": "envoy", "metrics_path": envoy.STATISTICS, "static_configs": [{"targets": [f"{address}:{metrics}"]}]},
    ]
    alertmanager = {"static_configs": [{"targets": [f"127.0.0.1:{setup.doors['alertmanager']}"]}]}
    content = {
        "global": {"scrape_interval": _INTERVAL, "scrape_timeout": _INTERVAL, "evaluation_interval": _INTERVAL},
        "rule_files": [f"{setup.folder.rules}/*.yaml"],
        "alerting": {"alertmanagers": [alertmanager]},
        "scrape_configs": jobs,
    }
    return json.dumps(content, indent=1)


def _kubelet(setup: Setup, job: str, path: str, names: str) -> dict[str, Any]:
    pki = setup.pki
    return {
        "job_name": job,
        "scheme": "https",
        "metrics_path": path,
        "honor_labels": True,
        "tls_config": {"ca_file": pki("ca.crt"), "cert_file": pki("monitoring.crt"), "key_file": pki("monitoring.key")},
        "static_configs": [{"targets": [f"{setup.network.address}:{_KUBELET}"], "labels": {"node": setup.node}}],
        "metric_relabel_configs": [{"source_labels": ["__name__"], "regex": names, "action": "keep"}],
    }


def _objects(_setup: Setup, _cache: Path) -> list[Object]:
    return role("monitoring", _RULES)


ADD_ON: Final = AddOn(
    name="monitoring",
    names=("discovery", "prometheus", "alertmanager"),
    parts=_parts,
    objects=_objects,
    accounts=("monitoring",),
    doors={"prometheus": 9090, "alertmanager": 9093},
    commands={
        "prometheus": "make node, or on Debian and Ubuntu: apt-get install prometheus",
        "prometheus-alertmanager": "make node, or on Debian and Ubuntu: apt-get install prometheus-alertmanager",
    },
)
