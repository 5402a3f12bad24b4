"""The network: who may reach pods, from inside and from outside, and how it is kept to themselves."""

from policies.security.network.default_deny import default_deny
from policies.security.network.exposed_services import exposed_services
from policies.security.network.ingress_tls import ingress_tls
from policies.security.network.network_policies import network_policies

POLICIES = (network_policies, default_deny, exposed_services, ingress_tls)
