"""A service with two slots in a namespace of its own, and its users on one of them.

What the stack's configuration says is what there is after an update, so an earlier update's configuration is the way back.
"""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace

from components.two_slot_service import TwoSlotService

config = pulumi.Config()
live = config.require("live")

namespace = Namespace("namespace", metadata={"name": config.require("namespace")})
web = TwoSlotService(
    "web",
    {
        "namespace": namespace.metadata["name"],
        "image": config.require("image"),
        "replicas": config.require_int("replicas"),
        "blue": config.get("blue") or "",
        "green": config.get("green") or "",
        "live": live,
        "timeout": config.require("timeout"),
    },
)

pulumi.export("live", live)
pulumi.export("version", web.version)
