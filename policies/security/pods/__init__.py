"""The Pod Security Standards, baseline and restricted, as each minor version of Kubernetes has them.

Restricted is baseline and more: what baseline refuses is said by baseline's policy, and restricted's say the rest.
"""

from policies.judging import Policy
from policies.security.pods.added_capabilities import added_capabilities
from policies.security.pods.app_armor_profiles import app_armor_profiles
from policies.security.pods.dropped_capabilities import dropped_capabilities
from policies.security.pods.host_namespaces import host_namespaces
from policies.security.pods.host_path_volumes import host_path_volumes
from policies.security.pods.host_ports import host_ports
from policies.security.pods.host_probes import host_probes
from policies.security.pods.host_processes import host_processes
from policies.security.pods.non_root import non_root
from policies.security.pods.privilege_escalation import privilege_escalation
from policies.security.pods.privileged import privileged
from policies.security.pods.proc_mounts import proc_mounts
from policies.security.pods.required_seccomp_profiles import required_seccomp_profiles
from policies.security.pods.root_users import root_users
from policies.security.pods.seccomp_profiles import seccomp_profiles
from policies.security.pods.selinux_options import selinux_options
from policies.security.pods.sysctls import sysctls
from policies.security.pods.user_namespace_proc_mounts import user_namespace_proc_mounts
from policies.security.pods.volume_types import volume_types

POLICIES: tuple[Policy, ...] = (
    privileged,
    host_namespaces,
    host_path_volumes,
    host_ports,
    host_processes,
    host_probes,
    added_capabilities,
    app_armor_profiles,
    seccomp_profiles,
    selinux_options,
    proc_mounts,
    sysctls,
    privilege_escalation,
    non_root,
    root_users,
    dropped_capabilities,
    required_seccomp_profiles,
    user_namespace_proc_mounts,
    volume_types,
)
