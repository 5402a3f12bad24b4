"""What data services are made from: configurations that fit their memory, pods that may do little, jobs that start when they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components import backups, postgresql, redis, store
from components.network import BACKUP
from tidegate.model.base import amount
from tidegate.model.intent.data import Managed, Postgresql, Redis
from tidegate.model.intent.environment import Amounts, Environment, Resources
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.operations import Backup
from tidegate.model.intent.secrets import External, SecretSet
from tidegate.model.intent.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.intent.data import Data

LABELS = {"tidegate.dev/team": "shop"}
PLACE = store.Place("db", "shop", LABELS)
VALUES = {"postgres-password": "one", "app-password": "two", "redis-password": "three", "other": "four"}
DIGEST = "sha256:" + "0" * 64


def intent_of(data: Data, values: dict[str, str] | None = None, **more: Any) -> Intent:
    """An intent with this data service."""
    environment = Environment(
        name="test",
        tier=more.pop("tier", "staging"),
        domain="shop.example",
        registry="registry.example",
        namespace="shop",
        team="shop",
        cost_centre="1",
    )
    passwords = more.pop("passwords", None) or SecretSet(required=tuple(VALUES), values=values or VALUES)
    return Intent(
        environment=environment,
        services={"web": Service(image="web", version="1.0")},
        data={"db": data},
        secrets={"passwords": passwords},
        **({"backup": Backup()} | more),
    )


def server(**settings: Any) -> Intent:
    """An intent with a PostgreSQL."""
    return intent_of(Postgresql(kind="postgresql", secret="passwords", **settings))


def arguments(intent: Intent) -> postgresql.PostgresqlArgs:
    """What the component gets."""
    return postgresql.arguments(intent, "db", "shop", LABELS, "passwords")


def settings_of(text: str) -> dict[str, str]:
    """A configuration file's settings."""
    return {key.strip(): value.strip().strip("'") for key, _, value in (line.partition("=") for line in text.splitlines())}


@pytest.mark.parametrize(
    ("memory", "connections", "buffers", "sorting"),
    [("256Mi", 100, "64MB", "1024kB"), ("1Gi", 100, "256MB", "2621kB"), ("8Gi", 50, "2048MB", "41943kB")],
)
def test_the_configuration_follows_the_memory(memory: str, connections: int, buffers: str, sorting: str) -> None:
    """A server that is given more takes more; one with many clients gives each less."""
    size = Resources(requests=Amounts(cpu="1", memory=memory), limits=Amounts(cpu="1", memory=memory))
    found = settings_of(postgresql.configuration(arguments(server(resources=size, connections=connections))))
    assert (found["shared_buffers"], found["work_mem"], found["max_connections"]) == (buffers, sorting, str(connections))


@given(st.integers(256, 262144), st.integers(10, 5000))
def test_buffers_and_sorts_fit_into_the_memory(memory: int, connections: int) -> None:
    """Whatever the sizes: half of it for the buffers and a sort of each client at most, but for the least that PostgreSQL takes."""
    size = Resources(requests=Amounts(cpu="1", memory=f"{memory}Mi"), limits=Amounts(cpu="1", memory=f"{memory}Mi"))
    found = settings_of(postgresql.configuration(arguments(server(resources=size, connections=connections))))
    buffers, each = int(found["shared_buffers"].removesuffix("MB")) * 1024, int(found["work_mem"].removesuffix("kB"))
    assert each == 1024 or buffers + each * connections <= memory * 1024 // 2


@pytest.mark.parametrize(
    ("archive", "backup", "archived"),
    [("10Gi", Backup(), True), (None, Backup(), False), ("10Gi", None, False)],
    ids=["both", "no archive", "no backups"],
)
def test_the_log_is_archived_where_there_are_base_backups(archive: str | None, backup: Backup | None, archived: bool) -> None:
    """Without one, an archive would only fill up."""
    intent = intent_of(Postgresql(kind="postgresql", secret="passwords", archive=archive), backup=backup)
    args = arguments(intent)
    assert ("archive" in args, "archive_mode" in postgresql.configuration(args)) == (archived, archived)
    volumes = postgresql.stateful_set(PLACE, args, "config")["template"]["spec"]["volumes"]
    assert ("archive" in {volume["name"] for volume in volumes}) == archived
    if archived:
        assert args["archive"] == {"storage": "10Gi", "timeout": 300, "keep": 30 * 24 * 60}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The specifications of all pods that data services have."""
    args, found = arguments(server()), intent_of(Redis(kind="redis", secret="passwords"))
    other = redis.arguments(found, "db", "shop", LABELS, "passwords")
    yield "postgresql", postgresql.stateful_set(PLACE, args, "config")["template"]["spec"]
    yield "redis", redis.stateful_set(PLACE, other, "config")["template"]["spec"]
    for kind, intent in (("postgresql", server()), ("redis", found)):
        for word, pod in backups.jobs_of(PLACE, backups.arguments(intent, "db", "shop", LABELS, "passwords", "db")).items():
            yield f"{kind} {word}", pod


@pytest.mark.parametrize("pod", [pod for _, pod in pods()], ids=[name for name, _ in pods()])
def test_pods_are_restricted(pod: dict[str, Any]) -> None:
    """As the Pod Security Standard says it, and more: nothing but volumes can be written to, and no pod has a token."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["fsGroup"] == 999
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} == set(container["resources"])
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted <= {volume["name"] for volume in pod["volumes"]} | {"scripts"}


@pytest.mark.parametrize("pod", [pod for _, pod in pods()], ids=[name for name, _ in pods()])
def test_passwords_are_in_no_pod(pod: dict[str, Any]) -> None:
    """Only where they are."""
    assert not [value for value in VALUES.values() if f"'{value}'" in str(pod)]
    assert "passwords" in str(pod) or pod["containers"][0]["name"] == "recover"


def test_the_exporter_is_somebody_else() -> None:
    """The server takes the superuser's word for it only from its own user."""
    containers = {c["name"]: c for c in postgresql.stateful_set(PLACE, arguments(server()), "config")["template"]["spec"]["containers"]}
    assert containers["exporter"]["securityContext"]["runAsUser"] == 65534
    assert "runAsUser" not in containers["postgresql"]["securityContext"]
    assert "passwords" not in str(containers["exporter"])


def test_only_backups_are_made_by_the_clock() -> None:
    """What overwrites data starts when somebody starts it."""
    args = backups.arguments(server(), "db", "shop", LABELS, "passwords", "db")
    jobs = {word: backups.spec(PLACE, word, pod, args) for word, pod in backups.jobs_of(PLACE, args).items()}
    assert {word: job["suspend"] for word, job in jobs.items()} == {"backup": False, "restore": True, "recover": True}
    assert jobs["backup"]["schedule"] == "0 2 * * *"
    assert {word: job["jobTemplate"]["spec"]["backoffLimit"] for word, job in jobs.items()} == {"backup": 2, "restore": 0, "recover": 0}
    for job in jobs.values():
        labels = job["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/component"] == BACKUP, "the network's rules know them by it"
        assert not store.selector("db").items() <= labels.items(), "the Service would send clients to them"


def test_a_backup_of_what_is_unknown_is_refused() -> None:
    """With what there is."""
    args = backups.arguments(server(), "db", "shop", LABELS, "passwords", "db")
    with pytest.raises(ValueError, match="no backups of kind 'mysql', only of postgresql and redis"):
        backups.jobs_of(PLACE, {**args, "kind": "mysql"})


@pytest.mark.parametrize(
    ("changed", "restarts"), [({"postgres-password": "new"}, True), ({"app-password": "new"}, True), ({"other": "new"}, False)], ids=str
)
def test_a_server_restarts_for_its_own_passwords(changed: dict[str, str], restarts: bool) -> None:
    """A set may have more than that."""
    data = Postgresql(kind="postgresql", secret="passwords")
    assert (arguments(intent_of(data))["rotation"] != arguments(intent_of(data, VALUES | changed))["rotation"]) == restarts


def test_a_server_restarts_for_another_version_of_a_set_outside() -> None:
    """There the values are not known."""
    found = [
        arguments(
            intent_of(Postgresql(kind="postgresql", secret="passwords"), passwords=SecretSet(required=tuple(VALUES), external=external))
        )["rotation"]
        for external in (External(store="vault", path="a", version=version) for version in ("1", "2"))
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize(("tier", "protected"), [("local", False), ("staging", False), ("production", True)])
def test_production_is_protected(tier: str, protected: bool) -> None:
    """Elsewhere a stack goes as it came."""
    intent = intent_of(Postgresql(kind="postgresql", secret="passwords"), tier=tier)
    assert arguments(intent)["protect"] is protected
    assert backups.arguments(intent, "db", "shop", LABELS, "passwords", "db")["protect"] is protected


def test_images_are_pinned_and_named_in_full() -> None:
    """The server's, and that of its backups: the tools are the server's."""
    intent = intent_of(Redis(kind="redis", secret="passwords", image="mirror/redis", version="8.4", digest=DIGEST))
    wanted = f"registry.example/mirror/redis:8.4@{DIGEST}"
    assert redis.arguments(intent, "db", "shop", LABELS, "passwords")["image"] == wanted
    assert backups.arguments(intent, "db", "shop", LABELS, "passwords", "db")["image"] == wanted


def test_redis_leaves_room_for_its_own_copies() -> None:
    """What it may keep is less than what its container may take."""
    intent = intent_of(Redis(kind="redis", secret="passwords"))
    lines = dict(line.split(" ", 1) for line in redis.configuration(redis.arguments(intent, "db", "shop", LABELS, "p")).splitlines())
    assert int(lines["maxmemory"]) == round(amount("512Mi") * 0.6)
    assert (lines["appendfsync"], lines["maxmemory-policy"], lines["save"]) == ("everysec", "noeviction", '""')


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (Postgresql, {"owner": "postgres"}, "owner: postgres is a role that is there already"),
        (Postgresql, {"owner": "exporter"}, "owner: exporter is a role that is there already"),
        (Postgresql, {"archive_timeout": "10ms"}, "archive_timeout: 10ms is less than a second"),
        (
            Postgresql,
            {"resources": Resources(requests=Amounts(cpu="1", memory="64Mi"), limits=Amounts(cpu="1", memory="128Mi"))},
            "resources.limits.memory: 128Mi is too little: PostgreSQL needs 256Mi",
        ),
        (Managed, {"host": "10.0.0.7", "port": 5432, "cidr": "10.0.0.7/32"}, "host: 10.0.0.7 is an address; give the DNS name"),
    ],
)
def test_what_would_not_work_is_refused(kind: Any, settings: dict[str, Any], said: str) -> None:
    """Before anything is changed, with what to do."""
    more = {} if kind is Managed else {"secret": "passwords"}
    with pytest.raises(ValidationError, match=said):
        kind(kind=kind.__name__.lower(), **more, **settings)


@pytest.mark.parametrize("path", sorted(p.relative_to(store._SCRIPTS).as_posix() for p in store._SCRIPTS.rglob("*.sh")))
def test_scripts_say_what_they_are_for(path: str) -> None:
    """And stop at the first thing that fails; what is only read by others is no script of its own."""
    (text,) = store.scripts(path).values()
    first, *_ = text.splitlines()
    assert first.startswith("# ") or (first == "#!/bin/sh" and "\nset -eu\n" in text)
