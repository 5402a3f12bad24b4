"""A pod's containers: pulled, started, probed, ended, and started again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.behaviour import of_container
from embedded.cluster.controllers import errands, mounts, probes
from embedded.cluster.controllers.kinds import POD
from embedded.cluster.controllers.podrun import Ended
from embedded.cluster.model.logs import Line
from embedded.cluster.model.objects import meta_of, uid_of
from embedded.cluster.model.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.controllers.podrun import ContainerRun, PodRun
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

SOURCE: Final = "kubelet"
_BACKOFF: Final = 10.0
_LONGEST_BACKOFF: Final = 300.0
# A container that has run this long has done well, and its next end counts as the first.
_FORGIVEN_AFTER: Final = 600.0
_PAUSE: Final = 0.3
_JOB_TIME: Final = 1.0
_KILLED: Final = 137


class Containers:
    """What happens inside pods. `tell` asks for a pod's status to be published."""

    def __init__(self, world: World, tell: Callable[[str, str], None], pages: errands.Pages) -> None:
        self._world, self._pages = world, pages
        self._tell_pod = tell
        # Images by node: a second pod needn't pull.
        self._images: set[tuple[str, str]] = set()

    # Time.

    def after(self, run: PodRun, seconds: float, then: Callable[[], None]) -> None:
        """Do something later, unless the pod is gone by then."""
        run.timers = [t for t in run.timers if not t.cancelled and t.due > self._world.clock.now()]
        run.timers.append(self._world.clock.later(seconds, then))

    def _while_running(self, run: PodRun, container: ContainerRun, at: float, then: Callable[[], None]) -> None:
        """Do something at an instant, if the container's present process still runs then."""
        start = container.starts

        def check() -> None:
            if container.starts == start and container.is_running and not run.stopping:
                then()

        if not math.isinf(at):
            self.after(run, at - self._world.clock.now(), check)

    def silence(self, run: PodRun) -> None:
        """Nothing that was planned for the pod happens any more."""
        for timer in run.timers:
            timer.cancel()
        run.timers.clear()

    def abandon(self, run: PodRun) -> None:
        """The pod is gone."""
        self.silence(run)
        run.over = True

    # The way up.

    def go_on(self, pod: Obj, run: PodRun) -> None:
        """Start what may start next: the next init container, or all others."""
        for container in run.initial:
            if not container.is_done:
                self._prepare(pod, run, container)
                return
        for container in run.main:
            self._prepare(pod, run, container)

    def _prepare(self, pod: Obj, run: PodRun, container: ContainerRun) -> None:
        """Pull the image and start the container, if that isn't under way."""
        if container.starts or container.pulls or run.stopping:
            return
        if container.role == "main" and container.waiting == "PodInitializing":
            container.waiting = "ContainerCreating"
        if why := mounts.missing_variable(self._world, pod, container.spec):
            if why != container.why:
                self._say(pod, run, container, "Failed", f"Error: {why}", warn=True)
            run.blocked = container.why = why
            container.waiting = "CreateContainerConfigError"
            return
        container.waiting, container.why = "ContainerCreating", ""
        self._pull(run, container)

    def _pull(self, run: PodRun, container: ContainerRun) -> None:
        if container.is_running:
            return
        container.pulls += 1
        image, chance = str(container.spec.get("image", "")), self._chance("pull", run, container)
        if container.behaviour.pull_fails:
            self._event(run, container, "Pulling", f'Pulling image "{image}"')
            self.after(run, 0.2 + 0.4 * chance, lambda: self._pull_failed(run, container))
            return
        present = (run.node, image) in self._images and container.spec.get("imagePullPolicy") != "Always"
        own = container.behaviour.pull_time
        took = 0.0 if present else 0.3 + 0.6 * self._world.draws.fraction("pull", image, run.node) if own is None else own
        if present:
            self._event(run, container, "Pulled", f'Container image "{image}" already present on machine')
        else:
            self._event(run, container, "Pulling", f'Pulling image "{image}"')
        started = took + 0.1 + 0.3 * chance
        self.after(run, started, lambda: self._pulled(run, container, 0.0 if present else took))

    def _pulled(self, run: PodRun, container: ContainerRun, took: float) -> None:
        image = str(container.spec.get("image", ""))
        if container.is_running:
            return
        if took:
            self._event(run, container, "Pulled", f'Successfully pulled image "{image}" in {took * 1000:.0f}ms')
        self._images.add((run.node, image))
        self._start(run, container)

    def _pull_failed(self, run: PodRun, container: ContainerRun) -> None:
        image = str(container.spec.get("image", ""))
        if not container.behaviour.pull_fails:
            return
        why = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
        container.waiting, container.why = "ErrImagePull", f"rpc error: code = NotFound desc = {why}"
        self._event(run, container, "Failed", f'Failed to pull image "{image}": {container.why}', warn=True)
        self._event(run, container, "Failed", "Error: ErrImagePull", warn=True)
        self._tell(run)
        wait = min(_BACKOFF * 2 ** min(container.pulls - 1, 10), _LONGEST_BACKOFF)
        self.after(run, 1.0, lambda: self._back_off_pull(run, container))
        self.after(run, wait, lambda: self._pull(run, container))

    def _back_off_pull(self, run: PodRun, container: ContainerRun) -> None:
        image = str(container.spec.get("image", ""))
        if not container.behaviour.pull_fails:
            return
        container.why = f'Back-off pulling image "{image}": ErrImagePull: {container.why}'
        container.waiting = "ImagePullBackOff"
        self._event(run, container, "BackOff", f'Back-off pulling image "{image}"')
        self._event(run, container, "Failed", "Error: ImagePullBackOff", warn=True)
        self._tell(run)

    def _start(self, run: PodRun, container: ContainerRun) -> None:
        now = self._world.clock.now()
        container.starts += 1
        container.started, container.ended, container.restarting, container.why = now, None, False, ""
        container.passed_startup, container.ready, container.ready_at = False, False, math.inf
        key = self._world.draws.uid("container", run.uid, container.name, container.starts).replace("-", "")
        container.container_id = f"containerd://{key}{key}"
        self._event(run, container, "Created", f"Container created: {container.name}")
        self._event(run, container, "Started", f"Container started: {container.name}")
        self._plan_end(run, container, now)
        if container.role == "init":
            self._tell(run)
            return
        up = now + container.behaviour.ready_after
        startup = container.spec.get("startupProbe")
        if startup is None:
            self._started_up(run, container, now)
            return
        self._tell(run)
        seen = up if probes.answers(container.spec, startup) else math.inf
        self._expect(run, container, startup, "Startup", now, seen)
        if not math.isinf(seen):
            self._while_running(run, container, probes.success(startup, now, seen), lambda: self._started_up(run, container, up))

    def _started_up(self, run: PodRun, container: ContainerRun, up: float) -> None:
        """Its startup probe has passed, or there is none: now the others begin."""
        now = self._world.clock.now()
        container.passed_startup = True
        up = max(up, (container.started or now) + container.behaviour.ready_after)
        liveness = container.spec.get("livenessProbe")
        if liveness is not None:
            self._expect(run, container, liveness, "Liveness", now, up if probes.answers(container.spec, liveness) else math.inf)
        readiness = container.spec.get("readinessProbe")
        seen = math.inf if container.behaviour.never_ready or (readiness and not probes.answers(container.spec, readiness)) else up
        if readiness is None:
            ready_at = seen
        else:
            ready_at = probes.success(readiness, now, seen) if not math.isinf(seen) else math.inf
            failing = probes.first_failure(readiness, now, seen)
            if failing is not None:
                self._while_running(run, container, failing, lambda: self._probe_failed(run, container, readiness, "Readiness"))
        container.ready_at = ready_at
        if ready_at <= now:
            self._ready(run, container)
        else:
            self._while_running(run, container, ready_at, lambda: self._ready(run, container))
        if container.behaviour.hangs_after is not None:
            self._plan_hang(run, container, (container.started or now) + container.behaviour.hangs_after, now)
        self._tell(run)
        if container.role == "sidecar":
            self._resume(run)

    def _expect(self, run: PodRun, container: ContainerRun, probe: Obj, kind: str, begin: float, up: float) -> None:
        """Kill the container when its probe fails too often before it is up."""
        at = probes.given_up(probe, begin, up)
        if at is not None:
            self._while_running(run, container, at, lambda: self._kill(run, container, probe, kind))

    def _plan_hang(self, run: PodRun, container: ContainerRun, down: float, begin: float) -> None:
        readiness, liveness = container.spec.get("readinessProbe"), container.spec.get("livenessProbe")
        if readiness is not None:
            at = probes.lost(readiness, begin, down)
            self._while_running(run, container, at, lambda: self._hung(run, container, readiness))
        if liveness is not None:
            at = probes.lost(liveness, begin, down)
            self._while_running(run, container, at, lambda: self._kill(run, container, liveness, "Liveness"))

    def _hung(self, run: PodRun, container: ContainerRun, probe: Obj) -> None:
        self._probe_failed(run, container, probe, "Readiness")
        container.ready = False
        self._tell(run)

    def _probe_failed(self, run: PodRun, container: ContainerRun, probe: Obj, kind: str) -> None:
        text = probes.failure_text(kind, probe, run.ip, refused=not probes.answers(container.spec, probe))
        self._event(run, container, "Unhealthy", text, warn=True)

    def _ready(self, run: PodRun, container: ContainerRun) -> None:
        container.ready = not run.unready
        self._tell(run)

    def judge(self, run: PodRun) -> None:
        """See again what is ready, after a fault has begun or ended."""
        for container in run.containers:
            if not container.is_running or container.role == "init":
                continue
            if run.unready:
                probe = container.spec.get("readinessProbe") or {"httpGet": {"port": 80}}
                self._event(run, container, "Unhealthy", probes.failure_text("Readiness", probe, run.ip, refused=False), warn=True)
                container.ready = False
            elif container.ready_at <= self._world.clock.now() and not self._hangs(container):
                container.ready = True
        self._tell(run)

    def _hangs(self, container: ContainerRun) -> bool:
        hangs = container.behaviour.hangs_after
        return hangs is not None and (container.started or 0.0) + hangs <= self._world.clock.now()

    # The way down.

    def _plan_end(self, run: PodRun, container: ContainerRun, now: float) -> None:
        """When the container will end by itself, and how."""
        acts = container.behaviour
        ends: list[tuple[float, int, str]] = []
        if container.role == "init":
            code = acts.exit_code or int(acts.crash_after is not None)
            ends.append((0.1 + 0.2 * self._chance("init", run, container), code, ""))
        elif acts.crash_after is not None:
            ends.append((acts.crash_after, acts.exit_code or 1, ""))
        elif container.role == "main" and (acts.completes_after is not None or self._policy(run) != "Always"):
            ends.append((_JOB_TIME if acts.completes_after is None else acts.completes_after, acts.exit_code, ""))
        limit = ((container.spec.get("resources") or {}).get("limits") or {}).get("memory")
        outgrown = acts.killed_after(float(quantity(limit)) if limit is not None else None)
        if outgrown is not None:
            ends.append((outgrown, _KILLED, "OOMKilled"))
        if ends:
            seconds, code, reason = min(ends)
            self._while_running(run, container, now + seconds, lambda: self._end(run, container, code, reason))

    def _end(self, run: PodRun, container: ContainerRun, code: int, reason: str) -> None:
        """Its work is done. If that was to look at something, what it found decides."""
        pod = self._pod(run)
        if not code and pod is not None and (urls := errands.urls_of(pod, container.spec, container.behaviour)):
            key = (run.namespace, run.name, container.name, container.starts)
            code, lines = errands.run(self._pages, urls, key, errands.headers_of(container.spec))
            for line in lines:
                self._world.registry.logs.write(run.uid, container.container_id, Line(self._world.clock.stamp(), line))
        self.exit(run, container, code, reason)

    def renew(self, pod: Obj, run: PodRun) -> None:
        """Take up a change of the pod: a container with another image is started again."""
        run.generation = meta_of(pod).get("generation", 1)
        for at, (container, spec) in enumerate(zip(run.main, pod["spec"]["containers"], strict=True)):
            if spec.get("image") == container.spec.get("image"):
                continue
            container.spec, container.behaviour = spec, of_container(pod, spec, first=not at)
            if container.is_running:
                self._event(run, container, "Killing", f"Container {container.name} definition changed, will be restarted")
                self.exit(run, container, 0)
            elif container.waiting in {"ErrImagePull", "ImagePullBackOff"}:
                self._pull(run, container)

    def _kill(self, run: PodRun, container: ContainerRun, probe: Obj, kind: str) -> None:
        self._probe_failed(run, container, probe, kind)
        self._event(run, container, "Killing", f"Container {container.name} failed {kind.lower()} probe, will be restarted")
        self.exit(run, container, _KILLED, "Error")

    def exit(self, run: PodRun, container: ContainerRun, code: int, reason: str = "") -> None:
        """The container's process ends; start it again if the pod's policy says so."""
        if not container.is_running:
            return
        now = self._world.clock.now()
        began = container.started or now
        words = ""
        if code and container.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            words = self._world.registry.logs.tail(run.uid, container.container_id)
        end = Ended(code, reason or ("Error" if code else "Completed"), began, now, container.container_id, words)
        container.crashes = 1 if now - began >= _FORGIVEN_AFTER else container.crashes + 1
        container.ended, container.ready, container.passed_startup = end, False, False
        container.restarting = self._starts_again(run, container, code)
        self._tell(run)
        if container.restarting:
            self._start_again(run, container, end)
        elif container.role == "init" and not code:
            self._resume(run)

    def _starts_again(self, run: PodRun, container: ContainerRun, code: int) -> bool:
        policy = "Always" if container.role == "sidecar" else self._policy(run)
        if run.stopping:
            return False
        if container.role == "init":
            return bool(code) and policy != "Never"
        return policy == "Always" or (policy == "OnFailure" and bool(code))

    def _start_again(self, run: PodRun, container: ContainerRun, end: Ended) -> None:
        wait = min(_BACKOFF * 2 ** min(container.crashes - 2, 10), _LONGEST_BACKOFF) if container.crashes > 1 else _PAUSE

        def start() -> None:
            if not run.stopping and container.restarting:
                container.last, container.restarts = end, container.restarts + 1
                if (run.node, str(container.spec.get("image", ""))) in self._images:
                    self._start(run, container)
                    return
                container.ended, container.started, container.restarting = None, None, False
                container.waiting, container.why = "ContainerCreating", ""
                self._pull(run, container)
                self._tell(run)

        def back_off() -> None:
            pod = f"{run.name}_{run.namespace}({run.uid})"
            container.ended, container.started, container.last = None, None, end
            container.waiting = "CrashLoopBackOff"
            container.why = f"back-off {_spelled(wait)} restarting failed container={container.name} pod={pod}"
            self._event(run, container, "BackOff", f"Back-off restarting failed container {container.name} in pod {pod}", warn=True)
            self._tell(run)

        if wait > _PAUSE:
            self.after(run, _PAUSE, back_off)
        self.after(run, wait, start)

    def end_all(self, run: PodRun, code: int) -> None:
        """The pod is stopped: all that runs ends."""
        now = self._world.clock.now()
        for container in run.containers:
            container.ready = container.restarting = False
            if container.is_running:
                reason = "Error" if code else "Completed"
                container.ended = Ended(code, reason, container.started or now, now, container.container_id)
            elif container.ended is None and container.role == "main":
                # It never got to run, or waited to be started again.
                container.ended = container.last or Ended(_KILLED, "ContainerStatusUnknown", now, now, "")

    # Small things.

    def _resume(self, run: PodRun) -> None:
        pod = self._pod(run)
        if pod is not None:
            self.go_on(pod, run)

    def _policy(self, run: PodRun) -> str:
        pod = self._pod(run)
        return str(pod["spec"].get("restartPolicy", "Always")) if pod is not None else "Never"

    def _pod(self, run: PodRun) -> Obj | None:
        pod = self._world.get(POD, run.namespace, run.name)
        return pod if pod is not None and uid_of(pod) == run.uid else None

    def _tell(self, run: PodRun) -> None:
        self._tell_pod(run.namespace, run.name)

    def _chance(self, what: str, run: PodRun, container: ContainerRun) -> float:
        return self._world.draws.fraction(what, run.namespace, run.name, container.name, container.starts)

    def _event(self, run: PodRun, container: ContainerRun, reason: str, message: str, *, warn: bool = False) -> None:
        pod = self._pod(run)
        if pod is not None:
            self._say(pod, run, container, reason, message, warn=warn)

    def _say(self, pod: Obj, run: PodRun, container: ContainerRun, reason: str, message: str, *, warn: bool) -> None:
        place = "spec.containers" if container.role == "main" else "spec.initContainers"
        options: dict[str, Any] = {"source": SOURCE, "path": f"{place}{{{container.name}}}", "host": run.node}
        (self._world.events.warning if warn else self._world.events.normal)(pod, reason, message, **options)


def _spelled(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
