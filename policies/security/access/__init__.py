"""Access: what service accounts and roles may do, and who has them."""

from policies.security.access.anonymous_access import anonymous_access
from policies.security.access.cluster_admin import cluster_admin
from policies.security.access.escalation import escalation
from policies.security.access.long_lived_tokens import long_lived_tokens
from policies.security.access.node_proxy import node_proxy
from policies.security.access.pod_exec import pod_exec
from policies.security.access.pod_makers import pod_makers
from policies.security.access.secret_readers import secret_readers
from policies.security.access.service_account_tokens import service_account_tokens
from policies.security.access.volume_makers import volume_makers
from policies.security.access.webhook_configurations import webhook_configurations
from policies.security.access.wildcards import wildcards

POLICIES = (
    wildcards,
    escalation,
    secret_readers,
    pod_exec,
    pod_makers,
    volume_makers,
    node_proxy,
    webhook_configurations,
    cluster_admin,
    anonymous_access,
    service_account_tokens,
    long_lived_tokens,
)
