"""Policy packs at work: every resource's inputs before its step, the whole stack at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import AnalyzedResource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.goal import Goal
    from embedded.engine.model.ports import Analyzer, Violation
    from embedded.engine.model.state import Resource


class Policies:
    """The packs of one deployment. A mandatory violation fails it; in an update the resource is not touched at all."""

    def __init__(self, deployment: Deployment, analyzers: Sequence[Analyzer]) -> None:
        self._deployment, self._analyzers = deployment, analyzers
        # A pack did not do its work: what it would have said is not known.
        self.broken = False

    async def resource(self, new: Resource, goal: Goal) -> bool:
        """Mend and judge a resource's inputs. True: it must not be touched."""
        try:
            return await self._judge(new, goal)
        except EngineError as error:
            self.broken = True
            raise EngineError(f"failed to run policy: {error}") from error

    async def _judge(self, new: Resource, goal: Goal) -> bool:
        for analyzer in self._analyzers:
            await self._remediate(analyzer, new, goal)
        forbidden = False
        analyzed = self._analyzed(new, goal)
        # Each in a process of its own; told in the order in which they were given.
        found = await asyncio.gather(*(analyzer.analyze(analyzed) for analyzer in self._analyzers))
        for analyzer, violations in zip(self._analyzers, found, strict=True):
            for violation in violations:
                mandatory = self._report(violation, violation.urn or new.urn)
                forbidden = forbidden or (mandatory and not self._deployment.options.dry_run)
            self._summarize("analyze", analyzer, "resource", {v.policy for v in violations}, new.urn)
        return forbidden

    async def _remediate(self, analyzer: Analyzer, new: Resource, goal: Goal) -> None:
        deployment = self._deployment
        results = await analyzer.remediate(self._analyzed(new, goal))
        for result in results:
            if result.properties is None:
                deployment.emit(
                    events.PolicyViolation(new.urn, result.diagnostic, result.policy, result.pack, result.pack_version, "advisory")
                )
                continue
            before, new.inputs = new.inputs, result.properties
            deployment.emit(events.PolicyRemediation(new.urn, result.policy, result.pack, result.pack_version, before, new.inputs))
        self._summarize("remediate", analyzer, "resource", {r.policy for r in results}, new.urn)

    async def stack(self, resources: Sequence[Resource]) -> None:
        """Judge the whole stack."""
        analyzed = [self._in_stack(r) for r in resources]
        root = urns.root(self._deployment.stack, self._deployment.project)
        known = {r.urn for r in resources}
        for analyzer in self._analyzers:
            try:
                violations = await analyzer.analyze_stack(analyzed)
            except EngineError:
                self.broken = True
                raise
            for violation in violations:
                self._report(violation, violation.urn if violation.urn in known else root)
            self._summarize("analyze-stack", analyzer, "stack", {v.policy for v in violations}, "")

    def _report(self, violation: Violation, urn: str) -> bool:
        """Tell a violation; True if it is mandatory (a remediation that is still needed is)."""
        if violation.enforcement == "disabled":
            return False
        enforcement = "mandatory" if violation.enforcement == "remediate" else violation.enforcement
        self._deployment.emit(
            events.PolicyViolation(
                urn, violation.message, violation.policy, violation.pack, violation.pack_version, enforcement, violation.severity
            )
        )
        if enforcement == "mandatory":
            self._deployment.violated = True
        return enforcement == "mandatory"

    def _summarize(
        self, kind: Literal["analyze", "remediate", "analyze-stack"], analyzer: Analyzer, policies: str, failed: set[str], urn: str
    ) -> None:
        names = [p.name for p in analyzer.policies if p.kind == policies and p.enforcement != "disabled"]
        self._deployment.emit(
            events.PolicySummary(
                kind,
                analyzer.name,
                analyzer.version,
                urn,
                tuple(n for n in names if n not in failed),
                tuple(n for n in names if n in failed),
            )
        )

    def _analyzed(self, new: Resource, goal: Goal) -> AnalyzedResource:
        return AnalyzedResource(
            new.urn, new.type, urns.name_of(new.urn), new.inputs, new, self._provider(new), goal.delete_before_replace, new.parent
        )

    def _in_stack(self, resource: Resource) -> AnalyzedResource:
        goal = self._deployment.goals.get(resource.urn)
        return AnalyzedResource(
            resource.urn,
            resource.type,
            urns.name_of(resource.urn),
            resource.outputs,
            resource,
            self._provider(resource),
            goal.delete_before_replace if goal else None,
            resource.parent,
            tuple(resource.dependencies),
            resource.property_dependencies,
        )

    def _provider(self, resource: Resource) -> Resource | None:
        if not resource.provider:
            return None
        urn, _ = urns.split_provider_ref(resource.provider)
        return self._deployment.generator.providers.get(urn) or self._deployment.olds.get(urn)
