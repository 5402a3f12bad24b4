"""The environment that a stack's services live in: a namespace that is closed until something is allowed.

All of it is derived from the intent: who may talk to whom from what depends on what, how much there may be from what the services need.
Its objects wait for the namespace, and the namespace for the plan, so an update that is refused changes nothing.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, Namespace, ResourceQuota, ServiceAccount, ServiceAccountPatch
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding
from pulumi_kubernetes.scheduling.v1 import PriorityClass

from components.access import AccessArgs, access_args, groups, roles, subjects
from components.given import given
from components.network import NetworkArgs, ReachArgs, network_args, policies, policy_of, reaches
from components.quota import limits, quota, running
from components.secrets import SecretSetArgs, declare, registry_args
from tidegate.model.intent.environment import PriorityClasses
from tidegate.model.intent.intent import Intent

Layout = Mapping[str, Any]

_RBAC: Final = "rbac.authorization.k8s.io"


class AccountArgs(TypedDict):
    """Whom pods run as."""

    renamed_from: NotRequired[str]
    """What it was called before."""


class PriorityArgs(TypedDict):
    """Which pods stay when a node runs short: those with the higher value."""

    value: int
    description: str


class EnvironmentArgs(TypedDict):
    """What an environment is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    """Of all its objects."""
    pod_security: str
    """The Pod Security Standard that holds for its pods: restricted or baseline."""
    accounts: dict[str, AccountArgs]
    """The service accounts: nobody gets a token by them unless a pod asks for it."""
    priorities: dict[str, PriorityArgs]
    """Priority classes, by what they are for."""
    access: AccessArgs
    network: NetworkArgs
    reaches: pulumi.Input[dict[str, list[ReachArgs]]]
    """What each service listens at and calls, in each version that runs or is to run."""
    quota: pulumi.Input[dict[str, str]]
    """How much of what there may be, as a ResourceQuota says it."""
    limits: pulumi.Input[list[Any]]
    """What containers get that don't say how big they are, and the most, as a LimitRange says it."""
    pull_secrets: dict[str, SecretSetArgs]
    """Credentials for the registries that images come from, by the Secret's name."""


class Environment(pulumi.ComponentResource):
    """A namespace with its bounds, rules, accounts and roles."""

    namespace: pulumi.Output[str]
    """The namespace's name. Whoever uses it waits for the namespace."""
    accounts: dict[str, pulumi.Output[str]]
    """The service accounts' names. Whoever uses one waits for the namespace's bounds and rules as well, and for what pulls images."""
    priorities: dict[str, pulumi.Output[str]]
    """The priority classes' names, by what they are for."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Environment", name, None, opts)
        self._name, self._labels = name, args["labels"]
        self.namespace = self._space(args["namespace"], args["pod_security"])
        # Pods come after the rules that hold for them.
        before = [*self._bounds(args["quota"], args["limits"]), *self._network(args)]
        before += [
            declare(f"{name}-{key}", key, one, self.namespace, self._labels, self._opts())[0] for key, one in args["pull_secrets"].items()
        ]
        self.accounts = {key: self._account(key, one, before) for key, one in args["accounts"].items()}
        self.priorities = {key: self._priority(key, one) for key, one in args["priorities"].items()}
        self._access(args["access"])
        self.register_outputs({"namespace": self.namespace, "accounts": self.accounts, "priorities": self.priorities})

    def _space(self, name: pulumi.Input[str], security: str) -> pulumi.Output[str]:
        # What is enforced is refused; what `restricted` wouldn't have is told of in any case.
        modes = {"enforce": security, "audit": "restricted", "warn": "restricted"}
        wanted = {f"pod-security.kubernetes.io/{mode}": level for mode, level in modes.items()}
        versions = {f"pod-security.kubernetes.io/{mode}-version": "latest" for mode in modes}
        metadata: Any = {"name": name, "labels": {**self._labels, **wanted, **versions}}
        space = Namespace(self._name, metadata=metadata, opts=self._opts())
        # Pods that say nothing of an account run as this one. It is there already, or about to be.
        ServiceAccountPatch(
            f"{self._name}-account-default",
            metadata={"name": "default", "namespace": space.metadata["name"]},
            automount_service_account_token=False,
            opts=self._opts(),
        )
        return space.metadata["name"].apply(str)

    def _bounds(self, quota: pulumi.Input[dict[str, str]], limits: pulumi.Input[list[Any]]) -> list[pulumi.Resource]:
        return [
            ResourceQuota(f"{self._name}-quota", metadata=self._metadata("environment"), spec={"hard": quota}, opts=self._opts()),
            LimitRange(f"{self._name}-limits", metadata=self._metadata("environment"), spec={"limits": limits}, opts=self._opts()),
        ]

    def _network(self, args: EnvironmentArgs) -> list[pulumi.Resource]:
        known = given(args["reaches"])
        before = {policy_of(name): policy_of(old) for name, old in args["network"]["former"].items()}
        return [
            NetworkPolicy(
                f"{self._name}-network-{key}",
                metadata=self._metadata(key),
                spec=known.apply(made),
                opts=self._opts("network", before.get(key)),
            )
            for key, made in policies(args["network"]).items()
        ]

    def _account(self, name: str, args: AccountArgs, before: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions.merge(self._opts("account", args.get("renamed_from")), pulumi.ResourceOptions(depends_on=before))
        metadata = self._metadata(name)
        account = ServiceAccount(f"{self._name}-account-{name}", metadata=metadata, automount_service_account_token=False, opts=opts)
        return account.metadata["name"].apply(str)

    def _priority(self, name: str, args: PriorityArgs) -> pulumi.Output[str]:
        # It is the cluster's, so it is named after the namespace. Its value can never be changed.
        opts = pulumi.ResourceOptions(parent=self, replace_on_changes=["value"], delete_before_replace=True)
        made = PriorityClass(
            f"{self._name}-priority-{name}",
            metadata={"name": pulumi.Output.concat(self.namespace, "-", name), "labels": self._labels},
            value=args["value"],
            description=args["description"],
            global_default=False,
            preemption_policy="PreemptLowerPriority",
            opts=opts,
        )
        return made.metadata["name"].apply(str)

    def _access(self, args: AccessArgs) -> None:
        who = groups(args)
        for name, rules in roles().items():
            role = Role(f"{self._name}-role-{name}", metadata=self._metadata(name), rules=rules, opts=self._opts())
            if name in who:
                RoleBinding(
                    f"{self._name}-binding-{name}",
                    metadata=self._metadata(name),
                    role_ref={"api_group": _RBAC, "kind": "Role", "name": role.metadata["name"].apply(str)},
                    subjects=subjects(who[name]),
                    opts=self._opts(),
                )

    def _metadata(self, name: str) -> Any:
        return {"name": name, "namespace": self.namespace, "labels": self._labels}

    def _opts(self, kind: str = "", old: str | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=f"{self._name}-{kind}-{old}")] if old else None)


def arguments(intent: Intent, namespace: pulumi.Input[str], layout: pulumi.Input[Layout] | None = None) -> EnvironmentArgs:
    """What an intent asks for, so that there is enough room and reach for what the slots run, too, as the planner's layout has it."""
    environment = intent.environment
    slots = given(layout).apply(lambda known: running(known) if known else {})
    specs = slots.apply(lambda found: {name: [one.spec for one in occupants] for name, occupants in found.items()})
    pull = environment.pull_secret
    return {
        "namespace": namespace,
        "labels": environment.labels,
        "pod_security": environment.pod_security,
        "accounts": {name: _account_args(service.renamed_from) for name, service in intent.services.items()},
        "priorities": _priorities(environment.priorities),
        "access": access_args(intent),
        "network": network_args(intent),
        "reaches": specs.apply(lambda found: reaches(intent, found)),
        "quota": slots.apply(lambda found: quota(intent, found)),
        "limits": slots.apply(lambda found: limits(intent, found)),
        "pull_secrets": {pull: registry_args(intent.secrets[pull], environment.registry)} if pull else {},
    }


def _account_args(old: str | None) -> AccountArgs:
    return {"renamed_from": old} if old else {}


def _priorities(found: PriorityClasses) -> dict[str, PriorityArgs]:
    return {
        "services": {"value": found.services, "description": "Services: users wait for them"},
        "data": {"value": found.data, "description": "Data services: all services wait for them"},
    }
