"""A stack's data services, each by the component of its kind, with its backups."""

# Beside components whose arguments' types are read at run time; see there.
from collections.abc import Mapping
from typing import assert_never

import pulumi

from components import backups, managed, postgresql, redis
from components.environment import Environment
from tidegate.model.intent.data import Managed, Postgresql, Redis
from tidegate.model.intent.intent import Intent


def declare(intent: Intent, place: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, pulumi.Resource]:
    """Declare them all, in the environment; `secrets` are the sets' Secrets. By name, what waits for one of them waits for."""
    return {name: _declared(intent, name, place, secrets) for name in intent.data}


def _declared(intent: Intent, name: str, place: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> pulumi.Resource:
    found, labels = intent.data[name], intent.environment.labels
    # Its pods come after the bounds and rules that hold for them; and a volume that grows, after the quota that does.
    after = pulumi.ResourceOptions(depends_on=[place])
    made: postgresql.Postgresql | redis.Redis
    match found:
        case Managed():
            return managed.Managed(name, managed.arguments(intent, name, place.namespace, labels), after)
        case Postgresql():
            secret, priority = secrets[found.secret], place.priorities["data"]
            made = postgresql.Postgresql(name, postgresql.arguments(intent, name, place.namespace, labels, secret, priority), after)
        case Redis():
            secret, priority = secrets[found.secret], place.priorities["data"]
            made = redis.Redis(name, redis.arguments(intent, name, place.namespace, labels, secret, priority), after)
        case _:
            assert_never(found)
    if intent.backup is not None:
        backups.Backups(name, backups.arguments(intent, name, place.namespace, labels, secret, made.host), after)
    return made
