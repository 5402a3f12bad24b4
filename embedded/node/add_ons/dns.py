"""CoreDNS: the names of services and pods. The world's names are nobody's here: pods reach nothing beyond the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.add_ons.add_on import AddOn, role, service
from embedded.node.building import Module, Program
from embedded.node.parts.part import Part

if TYPE_CHECKING:
    from embedded.node.add_ons.add_on import Object
    from embedded.node.parts.part import Setup

_MODULE: Final = Module("CoreDNS", Path(__file__).with_name("coredns"), "github.com/coredns/coredns")
_PROGRAM: Final = Program(_MODULE, "a minute or two")
_PORT: Final = 53
_READY: Final = 8181
_RULES: Final = (("", "services namespaces", "list watch"), ("discovery.k8s.io", "endpointslices", "list watch"))
_COREFILE: Final = """\
.:{port} {{
    bind {address}
    errors
    ready {address}:{ready}
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig} {context}
        pods insecure
    }}
    cache 30
    loadbalance
    # Nobody is asked further, so whoever asks needn't wait to hear that there is no such name.
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _parts(setup: Setup) -> list[Part]:
    config, address = setup.config("Corefile"), setup.network.address
    text = _COREFILE.format(port=_PORT, ready=_READY, address=address, kubeconfig=setup.pki("dns.kubeconfig"), context="dns")
    command = (setup.commands["coredns"], "-conf", str(config), "-quiet")
    return [Part("coredns", command, (address, _READY), {config: text}, healthy="/ready")]


def _objects(setup: Setup, _cache: Path) -> list[Object]:
    ports = [{"name": "dns", "port": _PORT, "protocol": "UDP"}, {"name": "dns-tcp", "port": _PORT, "protocol": "TCP"}]
    named = {"clusterIP": setup.network.dns}
    return [*role("dns", _RULES), *service("kube-dns", setup.network.address, ports, named, {"k8s-app": "kube-dns"})]


ADD_ON: Final = AddOn(name="dns", names=("coredns",), parts=_parts, objects=_objects, accounts=("dns",), made=(_PROGRAM,))
