"""One service with two slots and a route to one of them: the smallest thing that can be released.

Both slots are always declared; an empty one has no version. What the stack's configuration says is what there is after an update, so an
earlier update's configuration is the way back.
"""

import pulumi
from service import Route, Slot

config = pulumi.Config()
folder = config.require("folder")
slots = {name: Slot(name, folder=folder, version=config.get(name) or "") for name in ("blue", "green")}

live = config.require("live")
# The route waits for both slots: users are sent to a slot only when its version is there.
route = Route("route", folder=folder, live=live, options=pulumi.ResourceOptions(depends_on=list(slots.values())))

pulumi.export("live", route.live)
pulumi.export("version", slots[live].version)
