"""The servers that come from Debian: what their images are made from. They can take the places of the well-known ones.

PostgreSQL's and Redis' have the few tools that the components' own scripts use: starts, probes, archives and backups are the same.
"""

from __future__ import annotations

from typing import Final

from embedded.node.images.debian import PATH, Recipe
from embedded.node.images.layers import File, Folder, Link

REGISTRY: Final = "tidegate.dev/debian"
_POSTGRESQL: Final = "/usr/lib/postgresql/15"

_COREUTILS: Final = """
basename cat chmod cp cut date dirname du env false head id ls mkdir mktemp mv rm rmdir sha256sum sleep sort stat sync tail test touch tr
true uname wc
"""
_SHELL: Final = {
    "dash": ("/usr/bin/dash", "/usr/bin/sh"),
    "coreutils": tuple(f"/usr/bin/{name}" for name in _COREUTILS.split()),
    "findutils": ("/usr/bin/find", "/usr/bin/xargs"),
    "grep": ("/usr/bin/grep",),
    "sed": ("/usr/bin/sed",),
    "gzip": ("/usr/bin/gzip",),
    "tar": ("/usr/bin/tar",),
    "mawk": ("/usr/bin/mawk",),
    "diffutils": ("/usr/bin/cmp",),
}
_AWK: Final = {"/usr/bin/awk": Link("mawk")}
# As the well-known image does it: the first start makes the server's folder, with the superuser's password and a database.
_ENTRYPOINT: Final = rb"""#!/bin/sh
# Starts PostgreSQL. Its folder, PGDATA, is made first if it isn't there: whole, or not at all.
#
# POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD is the superuser's password, POSTGRES_DB a database to be made, POSTGRES_INITDB_ARGS what
# else initdb is told.
set -eu
case ${1:--} in -*) set -- postgres "$@" ;; esac
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  fi
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "there is no password for the superuser: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD" >&2
    exit 1
  fi
  part=$PGDATA.part
  rm -rf "$part"
  # More than one word, on purpose.
  printf '%s\n' "$POSTGRES_PASSWORD" |
    initdb --pgdata="$part" --username=postgres --auth=scram-sha-256 --pwfile=/dev/stdin ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all scram-sha-256" >>"$part/pg_hba.conf"
  if [ "${POSTGRES_DB:-postgres}" != postgres ]; then
    name=$(printf '%s' "$POSTGRES_DB" | sed 's/"/""/g')
    echo "CREATE DATABASE \"$name\"" | postgres --single -D "$part" -j postgres >/dev/null
  fi
  # An empty folder may be there; one with something in it is not ours to remove.
  [ ! -d "$PGDATA" ] || rmdir "$PGDATA"
  mv "$part" "$PGDATA"
fi
unset POSTGRES_PASSWORD
exec "$@"
"""

POSTGRESQL: Final = Recipe(
    name=f"{REGISTRY}/postgres:15",
    files={
        "postgresql-15": (
            f"{_POSTGRESQL}/bin/*",
            f"{_POSTGRESQL}/lib/*",
            # Compiling queries would bring a compiler of 100 MB.
            f"!{_POSTGRESQL}/lib/llvmjit*",
            f"!{_POSTGRESQL}/lib/bitcode/*",
            "/usr/share/postgresql/15/*",
            "!/usr/share/postgresql/15/man/*",
        ),
        "postgresql-client-15": (f"{_POSTGRESQL}/bin/*",),
        "tzdata": ("/usr/share/zoneinfo/*",),
        "libc-bin": ("/usr/lib/locale/C.utf8/*",),
        **_SHELL,
    },
    entrypoint=("/usr/local/bin/start-postgresql",),
    command=("postgres",),
    user=999,
    account="postgres",
    env={"LANG": "C.UTF-8", "PATH": f"{_POSTGRESQL}/bin:{PATH}", "PGDATA": "/var/lib/postgresql/data"},
    ports=(5432,),
    stop="SIGINT",  # ends connections; SIGTERM would wait for them
    more={
        **_AWK,
        "/var/lib/postgresql": Folder(user=999),
        "/run/postgresql": Folder(user=999),
        "/var/run": Link("/run"),
        "/usr/local/bin/start-postgresql": File(_ENTRYPOINT, mode=0o755),
    },
)
REDIS: Final = Recipe(
    name=f"{REGISTRY}/redis:7",
    files={"redis-tools": ("/usr/bin/*", "!/usr/bin/redis-benchmark"), "redis-server": ("/usr/bin/redis-server",), **_SHELL},
    entrypoint=("redis-server",),
    user=999,
    account="redis",
    ports=(6379,),
    folder="/data",
    more={**_AWK, "/data": Folder(user=999)},
)
CURL: Final = Recipe(
    name=f"{REGISTRY}/curl:7",
    files={"curl": ("/usr/bin/curl",), "ca-certificates": ("/usr/share/ca-certificates/*",), "dash": _SHELL["dash"]},
    entrypoint=("curl",),
    user=65532,
)
POSTGRESQL_EXPORTER: Final = Recipe(
    name=f"{REGISTRY}/postgres-exporter:0.11",
    files={"prometheus-postgres-exporter": ("/usr/bin/prometheus-postgres-exporter",)},
    entrypoint=("prometheus-postgres-exporter",),
    user=65532,
    ports=(9187,),
)
REDIS_EXPORTER: Final = Recipe(
    name=f"{REGISTRY}/redis-exporter:1.45",
    files={"prometheus-redis-exporter": ("/usr/bin/prometheus-redis-exporter",)},
    entrypoint=("prometheus-redis-exporter",),
    user=65532,
    ports=(9121,),
)

RECIPES: Final = {
    "postgres": POSTGRESQL,
    "redis": REDIS,
    "curl": CURL,
    "postgres-exporter": POSTGRESQL_EXPORTER,
    "redis-exporter": REDIS_EXPORTER,
}
"""All of them, by what they are asked for."""
