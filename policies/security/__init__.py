"""The security pack: what must hold of each object, so that nobody gets in who shouldn't, or further than they should."""

from policies.judging.rulebook import Pack
from policies.security import access, aws, images, network, pods, secrets, workloads

PACK = Pack(
    "security",
    "The security of what runs, and of who may do what",
    (
        *pods.POLICIES,
        *workloads.POLICIES,
        *access.POLICIES,
        *network.POLICIES,
        *secrets.POLICIES,
        *images.POLICIES,
        *aws.POLICIES,
    ),
)
