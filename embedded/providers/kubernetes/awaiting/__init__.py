"""Waiting until what was asked of a cluster has come about: objects ready, or gone.

The API server takes a Deployment in a millisecond; whether its pods ever run shows later. A resource counts as created when its object is
ready by its kind's rules, because what depends on it is made next, and because a release must not go on with pods that crash. What can't
get ready is kept with the reasons, so that the next update can set it right.

`ready` follows the object and what belongs to it by watches, `check` judges once for a refresh, `deleted` follows it until it is gone.
"""

from embedded.providers.kubernetes.awaiting.annotations import doubts, propagation_policy
from embedded.providers.kubernetes.awaiting.model import Client, NotReadyError, Say, VanishedError
from embedded.providers.kubernetes.awaiting.operations import check, deleted, ready
from embedded.providers.kubernetes.awaiting.waitfor import problems

__all__ = ["Client", "NotReadyError", "Say", "VanishedError", "check", "deleted", "doubts", "problems", "propagation_policy", "ready"]
