"""The release pack: what must hold of services with two slots each, so that no user's request is dropped."""

from policies.judging.rulebook import Pack
from policies.release.autoscalers import autoscalers
from policies.release.contract_migrations import contract_migrations
from policies.release.disruption_budgets import disruption_budgets
from policies.release.kept_data import kept_data
from policies.release.live_slot_runs import live_slot_runs
from policies.release.live_slot_size import live_slot_size
from policies.release.one_slot import one_slot
from policies.release.protected_resources import protected_resources
from policies.release.proven_slots import proven_slots
from policies.release.rollback_target import rollback_target
from policies.release.targets_exist import targets_exist
from policies.release.update_size import update_size
from policies.release.weight_steps import weight_steps
from policies.release.weights_sum import weights_sum

PACK = Pack(
    "release",
    "No user's request is dropped by a release",
    (
        live_slot_runs,
        proven_slots,
        weights_sum,
        weight_steps,
        live_slot_size,
        rollback_target,
        one_slot,
        contract_migrations,
        disruption_budgets,
        autoscalers,
        targets_exist,
        kept_data,
        protected_resources,
        update_size,
    ),
)
