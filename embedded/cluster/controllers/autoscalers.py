"""HorizontalPodAutoscalers: the size of a workload by what its pods use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import AUTOSCALER, POD
from embedded.cluster.controllers.metrics import NoMetricError, NoUsage, proposal
from embedded.cluster.controllers.podstate import is_active
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, is_deleting, namespace_of, uid_of
from embedded.cluster.registry.requests import Write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.controllers.metrics import Proposal, Usage
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Change

SOURCE: Final = "horizontal-pod-autoscaler"
PERIOD: Final = 15.0
_CALM: Final = 300
_UP: Final[tuple[Obj, ...]] = ({"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15})
_DOWN: Final[tuple[Obj, ...]] = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


class Said(NamedTuple):
    """A condition to be: type, whether it holds, reason, message."""

    type: str
    holds: bool
    reason: str
    message: str


class Autoscalers(Controller):
    """Looks every 15 seconds, as long as there is an autoscaler."""

    kind = AUTOSCALER

    def __init__(self, world: World, usage: Usage | None = None) -> None:
        super().__init__(world)
        self.usage: Usage = usage or NoUsage()
        # By autoscaler: what was recommended when, and how far it was scaled when.
        self._recommended: dict[str, list[tuple[float, int]]] = {}
        self._moves: dict[str, list[tuple[float, int]]] = {}
        self._next: dict[str, float] = {}

    def changed(self, change: Change) -> None:
        """What an autoscaler says of itself is no reason to look again."""
        if change.type == "DELETED":
            self._recommended.pop(uid_of(change.obj), None)
            self._moves.pop(uid_of(change.obj), None)
            self._next.pop(uid_of(change.obj), None)
        elif change.old is None or change.old["spec"] != change.obj["spec"]:
            self._next.pop(uid_of(change.obj), None)
            self.enqueue(change.namespace, change.name)

    def reconcile(self, namespace: str, name: str) -> None:
        """Look at the pods, and scale what they belong to."""
        found = self.world.get(AUTOSCALER, namespace, name)
        if found is None or is_deleting(found):
            return
        now = self.world.clock.now()
        if self._next.get(uid_of(found), 0.0) <= now:
            self._next[uid_of(found)] = now + PERIOD
            self._look(found)
        self.enqueue_after(max(self._next[uid_of(found)] - now, 0.0), namespace, name)

    def _look(self, found: Obj) -> None:
        reference = found["spec"]["scaleTargetRef"]
        try:
            resource = self.world.registry.resource(reference.get("apiVersion", "v1"), reference["kind"])
            scale = self.world.registry.scale(resource, namespace_of(found), reference["name"])
        except StatusError as error:
            message = f"the HPA controller was unable to get the target's current scale: {error.message}"
            self.world.events.warning(found, "FailedGetScale", error.message, source=SOURCE)
            self._publish(found, None, None, [], [Said("AbleToScale", holds=False, reason="FailedGetScale", message=message)])
            return
        current = int((scale.get("spec") or {}).get("replicas") or 0)
        if current == 0:
            message = "scaling is disabled since the replica count of the target is zero"
            said = [_scale_found(), Said("ScalingActive", holds=False, reason="ScalingDisabled", message=message)]
            self._publish(found, 0, 0, [], said)
            return
        least, most = _bounds(found)
        if not least <= current <= most:
            # No measure is needed for that.
            desired, side = (most, "above Spec.MaxReplicas") if current > most else (least, "below Spec.MinReplicas")
            scaled = self._scale(found, resource, reference["name"], scale, desired, f"Current number of replicas {side}")
            self._publish(found, current, desired, [], [scaled])
            return
        selector = Selector.parse((scale.get("status") or {}).get("selector") or "")
        pods = [p for p in self.world.all(POD, namespace_of(found), selector) if is_active(p)]
        proposals, failure = self._proposals(found, pods, current)
        if failure is not None and not proposals:
            self.world.events.warning(found, failure.reason, failure.message, source=SOURCE)
            said = [_scale_found(), Said("ScalingActive", holds=False, reason=failure.reason, message=failure.message)]
            self._publish(found, current, current, [], said)
            return
        best = max(proposals, key=lambda p: p.replicas)
        wanted = max(best.replicas, current) if failure is not None else best.replicas
        desired, said = self._within(found, current, wanted)
        message = f"the HPA was able to successfully calculate a replica count from {best.name}"
        said.insert(1, Said("ScalingActive", holds=True, reason="ValidMetricFound", message=message))
        if desired != current:
            why = f"{best.name} above target" if desired > current else "All metrics below target"
            said[0] = self._scale(found, resource, reference["name"], scale, desired, why)
        self._publish(found, current, desired, [p.current for p in proposals], said)

    def _proposals(self, found: Obj, pods: list[Obj], current: int) -> tuple[list[Proposal], NoMetricError | None]:
        proposals: list[Proposal] = []
        failure: NoMetricError | None = None
        for metric in found["spec"].get("metrics") or ():
            try:
                proposals.append(proposal(self.usage, metric, pods, namespace_of(found), current))
            except NoMetricError as error:
                failure = failure or error
        if not proposals and failure is None:
            failure = NoMetricError("InvalidMetricSourceType", "the HPA has no metrics")
        return proposals, failure

    def _within(self, found: Obj, current: int, wanted: int) -> tuple[int, list[Said]]:
        """What may be done at once: calm, rate and bounds."""
        behavior = found["spec"].get("behavior") or {}
        least, most = _bounds(found)
        calm = self._calm(found, behavior, current, wanted)
        able = Said("AbleToScale", holds=True, reason="ReadyForNewScale", message="recommended size matches current size")
        if calm != wanted:
            side = "higher" if calm > wanted else "lower"
            word = "Down" if calm > wanted else "Up"
            verb = "highest" if calm > wanted else "lowest"
            message = f"recent recommendations were {side} than current one, applying the {verb} recent recommendation"
            able = Said("AbleToScale", holds=True, reason=f"Scale{word}Stabilized", message=message)
        reach = self._reach(found, behavior, current, up=calm > current) if calm != current else calm
        desired = min(calm, reach) if calm > current else max(calm, reach)
        limited = Said(
            "ScalingLimited", holds=False, reason="DesiredWithinRange", message="the desired count is within the acceptable range"
        )
        if desired != calm:
            word = "Up" if calm > current else "Down"
            bound = "maximum" if calm > current else "minimum"
            message = f"the desired replica count is increasing faster than the {bound} scale rate"
            if calm < current:
                message = f"the desired replica count is decreasing faster than the {bound} scale rate"
            limited = Said("ScalingLimited", holds=True, reason=f"Scale{word}Limit", message=message)
        if desired > most:
            message = "the desired replica count is more than the maximum replica count"
            desired, limited = most, Said("ScalingLimited", holds=True, reason="TooManyReplicas", message=message)
        elif desired < least:
            message = "the desired replica count is less than the minimum replica count"
            desired, limited = least, Said("ScalingLimited", holds=True, reason="TooFewReplicas", message=message)
        return desired, [able, limited]

    def _calm(self, found: Obj, behavior: Obj, current: int, wanted: int) -> int:
        """The recommendation, not lower than recent ones, nor higher than those for scaling up."""
        now = self.world.clock.now()
        up = (behavior.get("scaleUp") or {}).get("stabilizationWindowSeconds") or 0
        down = (behavior.get("scaleDown") or {}).get("stabilizationWindowSeconds")
        down = _CALM if down is None else down
        # The size that it starts with counts as recommended, too.
        known = self._recommended.setdefault(uid_of(found), [(now, current)])
        past = [(at, n) for at, n in known if at > now - max(up, down)] + [(now, wanted)]
        self._recommended[uid_of(found)] = past
        ceiling = max([wanted, *(n for at, n in past if at > now - down)])
        floor = min([wanted, *(n for at, n in past if at > now - up)])
        return ceiling if current > ceiling else max(floor, current)

    def _reach(self, found: Obj, behavior: Obj, current: int, *, up: bool) -> int:
        """As far as the policies let it go now."""
        rules = behavior.get("scaleUp" if up else "scaleDown") or {}
        now = self.world.clock.now()
        limits: list[int] = []
        policies: Iterable[Obj] = rules.get("policies") or (_UP if up else _DOWN)
        for policy in policies:
            moves = (by for at, by in self._moves.get(uid_of(found), ()) if at > now - policy["periodSeconds"] and (by > 0) == up)
            before = current - sum(moves)
            if policy["type"] == "Pods":
                limits.append(before + policy["value"] if up else before - policy["value"])
            else:
                share = before * policy["value"] / 100
                limits.append(int(-(-(before + share) // 1)) if up else int(before - share))
        chosen = rules.get("selectPolicy", "Max")
        if chosen == "Disabled":
            return current
        furthest = (chosen == "Max") == up
        return max(limits) if furthest else min(limits)

    def _scale(self, found: Obj, resource: Resource, name: str, scale: Obj, desired: int, why: str) -> Said:
        current = int(scale["spec"].get("replicas") or 0)
        try:
            body = scale | {"spec": {"replicas": desired}}
            self.world.registry.update(resource, namespace_of(found), name, body, Write(manager="kube-controller-manager"), "scale")
        except StatusError as error:
            message = f"the HPA controller was unable to update the target scale: {error.message}"
            return Said("AbleToScale", holds=False, reason="FailedUpdateScale", message=message)
        moves = [m for m in self._moves.get(uid_of(found), ()) if m[0] > self.world.clock.now() - 1800]
        self._moves[uid_of(found)] = [*moves, (self.world.clock.now(), desired - current)]
        self.world.events.normal(found, "SuccessfulRescale", f"New size: {desired}; reason: {why}", source=SOURCE)
        message = f"the HPA controller was able to update the target scale to {desired}"
        return Said("AbleToScale", holds=True, reason="SucceededRescale", message=message)

    def _publish(self, found: Obj, current: int | None, desired: int | None, measured: list[Obj], said: list[Said]) -> None:
        before: Obj = found.get("status") or {}
        held: list[Obj] = before.get("conditions") or []
        now = self.world.clock.stamp()
        for each in said:
            state = "True" if each.holds else "False"
            held = conditions.put(held, {"type": each.type, "status": state, "reason": each.reason, "message": each.message}, now)
        status: Obj = {"currentReplicas": current if current is not None else before.get("currentReplicas", 0)}
        status["desiredReplicas"] = desired if desired is not None else before.get("desiredReplicas", 0)
        status |= {"conditions": held, "currentMetrics": measured or None}
        if current is not None and desired is not None and current != desired:
            status["lastScaleTime"] = now
        elif "lastScaleTime" in before:
            status["lastScaleTime"] = before["lastScaleTime"]
        self.world.set_status(AUTOSCALER, found, status)


def _bounds(found: Obj) -> tuple[int, int]:
    return int(found["spec"].get("minReplicas") or 1), int(found["spec"]["maxReplicas"])


def _scale_found() -> Said:
    message = "the HPA controller was able to get the target's current scale"
    return Said("AbleToScale", holds=True, reason="SucceededGetScale", message=message)
