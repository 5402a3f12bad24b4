"""Decides what a registration means: the steps from the old state to what the program wants.

Providers are asked while other registrations are being decided (`shared`); a delete-before-replace, which decides for its
dependents too, waits until nothing else is being decided (`exclusive`).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine.deploy import aliasing, differ, replacements
from embedded.engine.deploy.gate import Gate
from embedded.engine.deploy.goal import Registered
from embedded.engine.deploy.read_steps import Import, Read
from embedded.engine.deploy.steps import Create, Delete, Replace, Same, Update, diff_of
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import Bail, EngineError
from embedded.engine.model.ports import Diff
from embedded.engine.model.state import Resource
from embedded.engine.model.values import has_unknown, same, unwrap_secrets

if TYPE_CHECKING:
    from embedded.engine.deploy import goal as goals
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.goal import Goal
    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.ports import Checked
    from embedded.engine.model.urn import URN
    from embedded.engine.model.values import Values


class Generator:
    """The decisions of one deployment so far: which URNs were met, and what happens to them."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.gate = Gate()
        self.urns: set[str] = set()
        self.same: set[str] = set()
        self.created: set[str] = set()
        self.updated: set[str] = set()
        self.replaced: set[str] = set()
        self.read: set[str] = set()
        self.imported: set[str] = set()
        self.skipped_creates: set[str] = set()
        # Old URN -> the URN that took its place, and the other way round.
        self.aliased: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.providers: dict[str, Resource] = {}
        # Dependents that a delete-before-replace condemned: their old states (by identity), and the keys that made them replace.
        self.condemned: dict[int, Resource] = {}
        # Set when such a deletion has ended, well or not.
        self.deleted: dict[int, asyncio.Event] = {}
        self.dependent_keys: dict[str, tuple[str, ...]] = {}
        # Diffs of those that wait to be deleted before they are replaced.
        self._pending_diffs: dict[str, Diff] = {}

    def is_operated_on(self, urn: str) -> bool:
        """Whether the program has claimed the old resource of this URN."""
        urn = self.aliased.get(urn, urn)
        return urn in self.same or urn in self.updated or urn in self.replaced or urn in self.read

    def has_step(self, urn: str) -> bool:
        """Whether anything was decided about the URN."""
        return self.is_operated_on(urn) or urn in self.created or urn in self._deployment.deletes

    # Registrations

    async def register(self, goal: Goal, done: asyncio.Future[Registered]) -> list[Step]:
        """The steps for a registration."""
        urn = self._claim(goal.parent, goal.type, goal.name)
        old, alias, clash = self._old(goal, urn)
        new = new_state(goal, urn, alias, old)
        if urns.is_provider_type(goal.type):
            self.providers[urn] = new
            if alias:
                self.providers[alias] = new
        self._deployment.goals[urn] = goal
        if self._is_import(goal, old):
            imported = await self._import(goal, old, new)
            if imported is None:
                return []
            old, new = imported, replace(new_state(goal, urn, alias, None), created=imported.created, modified=imported.modified)
        async with self.gate.shared():
            invalid = await self._check(goal, old, new)
            if await self._analyze(goal, new) or invalid or clash:
                msg = f"resource {urn} is invalid"
                raise Bail(msg)
            steps = await self._decide(goal, old, new, done)
        if steps is None and old:
            async with self.gate.exclusive():
                steps = await self._delete_before_replace(old, new, done)
        return self._deployment.targeting.validated(steps or [])

    def _claim(self, parent: str, type_: str, name: str) -> URN:
        if parent and parent not in self.urns:
            msg = f"could not find parent resource {parent}"
            raise EngineError(msg)
        urn = urns.make(self._deployment.stack, self._deployment.project, parent, type_, name)
        if urn in self.urns:
            self._deployment.log("error", f"Duplicate resource URN '{urn}'; try giving it a unique name", urn=urn)
            msg = f"duplicate URN {urn}"
            raise Bail(msg)
        self.urns.add(urn)
        return urn

    def _old(self, goal: Goal, urn: str) -> tuple[Resource | None, str, bool]:
        """The resource's old state, the alias that led to it, and whether the alias belongs to another resource."""
        deployment = self._deployment
        clash = False
        if taken := self.aliased.get(urn):
            clash = True
            deployment.log("error", f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{taken}'", urn=urn)
        if old := deployment.olds.get(urn):
            return old, "", clash
        for alias in aliasing.former_urns(goal, deployment.stack, deployment.project, self.aliases):
            old = deployment.olds.get(alias)
            if old is None:
                continue
            if other := alias if alias in self.urns else self.aliased.get(alias):
                clash = True
                conflict = (
                    f"Duplicate resource alias '{alias}' applied to resource with URN '{urn}' conflicting with resource with URN '{other}'"
                )
                deployment.log("error", conflict, urn=urn)
            self.aliased[alias] = urn
            self.aliases[urn] = alias
            deployment.registry.alias(urn, alias)
            return old, alias, clash
        return None, "", clash

    # Import

    @staticmethod
    def _is_import(goal: Goal, old: Resource | None) -> bool:
        if not goal.custom or not goal.import_id:
            return False
        return old is None or old.external or (old.import_id or old.id) != goal.import_id

    async def _import(self, goal: Goal, old: Resource | None, new: Resource) -> Resource | None:
        """Take over the existing resource; its state is then the old one. None: it failed, and was said so."""
        recreating = new.urn in self._deployment.deletes
        replacing = old is not None and not recreating
        step = Import(None, new, replacing=replacing, original=old, ignore=goal.ignore_changes, seed=os.urandom(32))
        chain: list[Step] = [step]
        if replacing:
            chain.append(Replace(old, new))
        self.imported.add(new.urn)
        await self._deployment.executor.chain(chain)
        if self._deployment.executor.failed and new.urn not in self._deployment.news:
            return None
        return new if new.id else None

    # Check and policies

    def _starts_afresh(self, old: Resource | None, urn: str) -> bool:
        return old is None or old.external or urn in self._deployment.deletes or self._deployment.targeting.is_replaced(urn, old)

    async def _check(self, goal: Goal, old: Resource | None, new: Resource) -> bool:
        """Complete the inputs; True if the provider does not take them."""
        deployment = self._deployment
        new.inputs, failed = differ.ignoring(goal.properties, old.inputs, goal.ignore_changes) if old else (goal.properties, [])
        deployment.note_unignorable(new.urn, failed)
        if not goal.custom:
            return False
        if old and not deployment.targeting.includes(new):
            new.inputs = old.inputs
            return False
        olds: Values | None = None
        news = goal.properties
        if old and not self._starts_afresh(old, new.urn):
            olds, news = old.inputs, new.inputs
        checked = await self._checked(new, olds, news)
        if checked.failures:
            deployment.report_failures(new, checked.failures, "error")
        new.inputs = checked.inputs
        return bool(checked.failures)

    async def _checked(self, new: Resource, olds: Values | None, news: Values) -> Checked:
        """The provider's check. What an interrupted creation was going to be called, its second try is called too."""
        if urns.is_provider_type(new.type):
            return await self._deployment.registry.check(new.urn, olds or {}, news)
        olds = await self._deployment.begun(new) if olds is None else olds
        return await (await self._deployment.provider(new)).check(new.urn, olds, news, os.urandom(32))

    async def _analyze(self, goal: Goal, new: Resource) -> bool:
        """Let the policy packs see, and perhaps mend, the inputs; True if a mandatory one objects."""
        policies = self._deployment.policies
        return await policies.resource(new, goal) if policies else False

    # Decisions

    async def _decide(self, goal: Goal, old: Resource | None, new: Resource, done: asyncio.Future[Registered]) -> list[Step] | None:
        """The steps; None if a delete-before-replace has to be decided, which needs everybody else to wait."""
        deployment = self._deployment
        urn = new.urn
        if old and urn in deployment.deletes:
            return self._recreate(old, new, done)
        if old and old.external:
            self.created.add(urn)
            return [Create(old, new, done, replacing=True, pending_delete=True), Replace(old, new)]
        targeted = deployment.targeting.includes(new)
        deployment.targeting.note(new, targeted=targeted)
        if not targeted:
            if old:
                return deployment.targeting.untouched(old, done)
            self.same.add(urn)
            self.skipped_creates.add(urn)
            return [Same(replace(new), new, done, skipped_create=True)]
        before = deployment.targeting.untouched_dependencies(new)
        if old is None:
            self.created.add(urn)
            return [*before, Create(None, new, done)]
        diff, forced = await self._diff(goal, old, new)
        steps = await self._from_diff(goal, old, new, done, diff, forced=forced)
        return None if steps is None else [*before, *steps]

    def _recreate(self, old: Resource, new: Resource, done: asyncio.Future[Registered]) -> list[Step]:
        """It was deleted already, because something it depends on had to be."""
        self._deployment.deletes.discard(new.urn)
        self.replaced.add(new.urn)
        keys = Diff(changes=True, replaces=self.dependent_keys.get(new.urn, ()))
        return [Replace(old, new), Create(old, new, done, keys, replacing=True)]

    async def _diff(self, goal: Goal, old: Resource, new: Resource) -> tuple[Diff, bool]:
        """What has changed, and whether the replacement trigger did."""
        deployment = self._deployment
        if self._triggered(old, new):
            return Diff(changes=True), True
        if deployment.targeting.is_replaced(new.urn, old):
            return Diff(changes=True, replaces=("id",)), False
        if any(u in self.replaced for u in new.replace_with):
            return Diff(changes=True, replaces=("replaceWith",)), False
        if new.deleted_with in self.replaced:
            return Diff(changes=True, replaces=("deletedWith",)), False
        if await self._provider_changed(old, new):
            return Diff(changes=True, replaces=("provider",)), False
        if not goal.custom:
            return Diff(changes=not same(old.inputs, new.inputs)), False
        if urns.is_provider_type(goal.type):
            return await deployment.registry.diff(old, new.inputs, goal.ignore_changes), False
        provider = await deployment.provider(new)
        return await diff_of(deployment, provider, old, new.inputs, goal.ignore_changes), False

    def _triggered(self, old: Resource, new: Resource) -> bool:
        before, after = unwrap_secrets(old.replacement_trigger), unwrap_secrets(new.replacement_trigger)
        if has_unknown(after):
            if not self._deployment.options.dry_run:
                msg = f"replacement trigger contains unknowns for {new.urn}"
                raise EngineError(msg)
            return True
        return before is not None and after is not None and not same(before, after)

    async def _provider_changed(self, old: Resource, new: Resource) -> bool:
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        before, after = urns.split_provider_ref(old.provider)[0], urns.split_provider_ref(new.provider)[0]
        if self.aliased.get(before) == after:
            return False
        diff = await self._deployment.registry.diff_config(new.provider, self._deployment.olds[before], self.providers[after].inputs)
        return bool(diff.replaces)

    async def _from_diff(
        self, goal: Goal, old: Resource, new: Resource, done: asyncio.Future[Registered], diff: Diff, *, forced: bool
    ) -> list[Step] | None:
        diff = differ.replacing(diff, goal.replace_on_changes, init_errors=bool(old.init_errors))
        if (diff.changes or old.pending_replacement) and (diff.replaces or forced or old.pending_replacement):
            await self._prepare_replacement(goal, old, new, diff)
            before = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
            if before:
                self._pending_diffs[new.urn] = diff
                return None
            self.replaced.add(new.urn)
            return [Create(old, new, done, diff, replacing=True, pending_delete=True), Replace(old, new, None, diff)]
        if diff.changes or old.init_errors:
            self.updated.add(new.urn)
            return [Update(old, new, done, diff, ignore=goal.ignore_changes)]
        self.same.add(new.urn)
        if new.urn in self.imported:
            # The import has settled it: there is nothing more to do.
            done.set_result(Registered(old))
            return []
        return [Same(old, new, done)]

    async def _prepare_replacement(self, goal: Goal, old: Resource, new: Resource, diff: Diff) -> None:
        """Refuse what may not be replaced, and check the inputs as those of a new resource."""
        deployment = self._deployment
        if new.protect and old.protect:
            deployment.log("error", replacements.protected_message(new.urn), urn=new.urn)
            deployment.failed = True
            if not deployment.options.dry_run:
                raise Bail(replacements.protected_message(new.urn))
        if goal.import_id:
            message = replacements.imported_message(old, new, diff)
            if not deployment.options.dry_run:
                raise EngineError(message)
            deployment.log("warning", message, urn=new.urn)
        if goal.custom and not deployment.targeting.is_replaced(new.urn, old):
            checked = await self._checked(new, None, goal.properties)
            if checked.failures:
                deployment.report_failures(new, checked.failures, "error")
                msg = f"resource {new.urn} has check errors"
                raise Bail(msg)
            new.inputs = checked.inputs

    async def _delete_before_replace(self, old: Resource, new: Resource, done: asyncio.Future[Registered]) -> list[Step]:
        deployment = self._deployment
        diff = self._pending_diffs.pop(new.urn)
        if new.urn in deployment.deletes:
            # Another replacement took this one along while we waited.
            return self._recreate(old, new, done)
        self.replaced.add(new.urn)
        steps: list[Step] = []
        for dependent, keys in reversed(await replacements.dependents(deployment, old)):
            if id(dependent) in self.condemned:
                continue
            if dependent.protect and not dependent.delete:
                message = replacements.protected_dependent_message(dependent.urn, new.urn)
                deployment.log("error", message, urn=new.urn)
                raise Bail(message)
            self.dependent_keys[dependent.urn] = keys
            self._condemn(dependent)
            steps.append(Delete(dependent, None, replacing=not dependent.delete, pending_replacement=not dependent.delete))
        if not old.pending_replacement:
            deployment.deletes.add(old.urn)
            steps.append(Delete(old, None, replacing=True, pending_replacement=True))
        return [*steps, Replace(old, new, None, diff), Create(old, new, done, diff, replacing=True)]

    def _condemn(self, resource: Resource) -> None:
        self._deployment.deletes.add(resource.urn)
        self.condemned[id(resource)] = resource
        self.deleted[id(resource)] = asyncio.Event()

    async def wait_for_deletion(self, steps: list[Step]) -> bool:
        """Whether what the steps recreate is gone; another registration's chain deletes it, and may still be at it."""
        olds = [s.old for s in steps if isinstance(s, Create) and s.old and id(s.old) in self.deleted]
        for old in olds:
            await self.deleted[id(old)].wait()
        return all(old.pending_replacement for old in olds)

    # Reads

    def read_steps(self, read: goals.Read, done: asyncio.Future[Registered]) -> list[Step]:
        """The steps for a resource that is only looked at."""
        urn = self._claim(read.parent, read.type, read.name)
        old = self._deployment.olds.get(urn)
        new = Resource(
            urn=urn,
            type=read.type,
            custom=True,
            id=read.id,
            inputs=read.properties,
            parent=read.parent,
            external=True,
            dependencies=read.dependencies,
            provider=read.provider,
            additional_secret_outputs=read.additional_secret_outputs,
            source_position=read.source_position,
            stack_trace=read.stack_trace,
        )
        if old and not old.external and old.id != read.id:
            self.replaced.add(urn)
            return [Read(old, new, done, replacing=True), Replace(old, new)]
        self.read.add(urn)
        return [Read(old, new, done)]


def new_state(goal: Goal, urn: str, alias: str, old: Resource | None) -> Resource:
    """The state that the goal asks for, before any provider has seen it."""
    return Resource(
        urn=urn,
        type=goal.type,
        custom=goal.custom,
        inputs=goal.properties,
        parent=goal.parent,
        protect=bool(goal.protect),
        dependencies=goal.dependencies,
        provider=goal.provider,
        property_dependencies=goal.property_dependencies,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=[alias] if alias else [],
        custom_timeouts=goal.custom_timeouts,
        import_id=goal.import_id,
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        replace_with=goal.replace_with,
        created=old.created if old else "",
        modified=old.modified if old else "",
        source_position=goal.source_position,
        stack_trace=goal.stack_trace,
        ignore_changes=goal.ignore_changes,
        hide_diff=list(goal.hide_diff),
        replace_on_changes=goal.replace_on_changes,
        replacement_trigger=goal.replacement_trigger,
    )
