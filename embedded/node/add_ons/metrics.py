"""The metrics server: what pods and nodes use, for `kubectl top` and for HorizontalPodAutoscalers on CPU and memory."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.add_ons.add_on import AddOn, binding, has, role, service
from embedded.node.building import Module, Program
from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.add_ons.add_on import Object
    from embedded.node.api import Api
    from embedded.node.parts.part import Setup

_MODULE: Final = Module("the metrics server", Path(__file__).with_name("metrics_server"), "sigs.k8s.io/metrics-server")
_PROGRAM: Final = Program(
    _MODULE, "one to two minutes", stamps=lambda version: {"sigs.k8s.io/metrics-server/pkg/version.gitVersion": version}
)
_SERVICE: Final = "metrics-server"
_PORT: Final = 4443
_API: Final = "v1beta1.metrics.k8s.io"
_RULES: Final = (("", "nodes/metrics", "get"), ("", "pods nodes", "get list watch"))
_ROLES: Final = "rbac.authorization.k8s.io"


def _parts(setup: Setup) -> list[Part]:
    address, pki, kubeconfig = setup.network.address, setup.pki, setup.pki("metrics.kubeconfig")
    command = [
        setup.commands["metrics_server"],
        *flags(kubeconfig=kubeconfig, authentication_kubeconfig=kubeconfig, authorization_kubeconfig=kubeconfig),
        *flags(bind_address=address, secure_port=_PORT, kubelet_preferred_address_types="InternalIP"),
        *flags(tls_cert_file=pki(f"{_SERVICE}.crt"), tls_private_key_file=pki(f"{_SERVICE}.key")),
        *flags(client_ca_file=pki("ca.crt"), requestheader_client_ca_file=pki("front-ca.crt"), kubelet_certificate_authority=pki("ca.crt")),
        # The shortest that it takes: a test that scales needn't wait longer than it must.
        *flags(metric_resolution="10s", kubelet_request_timeout="9s"),
    ]
    return [Part(_SERVICE, tuple(command), (address, _PORT))]


def _objects(setup: Setup, _cache: Path) -> list[Object]:
    delegator = {"apiGroup": _ROLES, "kind": "ClusterRole", "name": "system:auth-delegator"}
    reader = {"apiGroup": _ROLES, "kind": "Role", "name": "extension-apiserver-authentication-reader"}
    # Whoever may see pods may see what they use.
    sees = {f"rbac.authorization.k8s.io/aggregate-to-{name}": "true" for name in ("view", "edit", "admin")}
    return [
        *role("metrics", _RULES),
        binding("metrics", "ClusterRoleBinding", delegator, of=":delegator"),
        binding("metrics", "RoleBinding", reader, "kube-system"),
        {
            "apiVersion": f"{_ROLES}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:aggregated-metrics-reader", "labels": sees},
            "rules": [{"apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}],
        },
        *service(_SERVICE, setup.network.address, [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": _PORT}]),
    ]


def _afterwards(setup: Setup) -> list[Object]:
    authority = base64.b64encode(Path(setup.pki("ca.crt")).read_bytes()).decode()
    return [
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": _API},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "service": {"name": _SERVICE, "namespace": "kube-system", "port": 443},
                "caBundle": authority,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        }
    ]


def _is_ready(api: Api) -> bool:
    return has(api.get(f"/apis/apiregistration.k8s.io/v1/apiservices/{_API}") or {}, "Available")


ADD_ON: Final = AddOn(
    name="metrics",
    names=(_SERVICE,),
    parts=_parts,
    objects=_objects,
    afterwards=_afterwards,
    is_ready=_is_ready,
    accounts=("metrics",),
    servers={_SERVICE: (f"{_SERVICE}.kube-system.svc",)},
    made=(_PROGRAM,),
)
