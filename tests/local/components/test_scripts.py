"""The data services' scripts with real servers: what is backed up comes back, to the row and to the second."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from components import postgresql, redis

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS: Final = Path(postgresql.__file__).parent / "scripts"
PATH: Final = os.pathsep.join([*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), os.environ["PATH"]])
# What a careless quoting would break.
SUPERUSER: Final = """it's "quoted" $HOME \\ %"""
OWNER: Final = "b`uck'et"
_ROOM: Final = 2**30
SIZE: Final = {"requests": {"cpu": "1", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}


def have(*commands: str) -> bool:
    """Whether these are installed."""
    return all(shutil.which(command, path=PATH) for command in commands)


def _user() -> str | None:
    """PostgreSQL's server refuses to be root's, and its `peer` knows people by their names."""
    if os.geteuid():
        return None
    return next((user.pw_name for user in pwd.getpwall() if user.pw_name in {"postgres", "nobody"}), None)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Folder:
    """A pod's folders, and commands that run in it as its user."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.user, self.env = root, _user(), {"PATH": PATH, "LC_ALL": "C", "BACKUPS": str(root / "backups"), "KEEP": "60"}
        root.chmod(0o755)
        for name in ("scripts", "conf", "sockets", "secrets", "data"):
            (root / name).mkdir()
        for script in (SCRIPTS / "keep.sh", *(SCRIPTS / kind).iterdir()):
            (root / "scripts" / script.name).write_text(script.read_text())
        if self.user:
            for path in (root, *root.iterdir()):
                shutil.chown(path, self.user)

    def write(self, path: str, text: str) -> None:
        """A file that a pod would have mounted."""
        (self.root / path).write_text(text)

    def run(self, *command: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever comes of it."""
        # No encoding is asked for: what is said is compared only in parts.
        return subprocess.run(
            command, input=given, env=self.env | env, cwd=self.root, user=self.user, extra_groups=() if self.user else None,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def well(self, *command: str, given: str = "", **env: str) -> str:
        """What it says; it has to succeed."""
        done = self.run(*command, given=given, **env)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}{done.stdout}"
        return done.stdout.strip()

    def popen(self, *command: str) -> subprocess.Popen[bytes]:
        """Start it; what it says is of no interest."""
        return subprocess.Popen(
            command, env=self.env, cwd=self.root, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip

    def script(self, name: str, **env: str) -> str:
        """Run a script, which has to succeed."""
        return self.well("sh", f"scripts/{name}.sh", **env)

    def backups(self) -> list[str]:
        """The names of what is there."""
        return sorted(path.name for path in (self.root / "backups").iterdir())


class Postgres(Folder):
    """A PostgreSQL as the component configures it, but for where its files are."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "postgresql")
        port = str(free_port())
        args: postgresql.PostgresqlArgs = {
            "namespace": "shop", "labels": {}, "image": "", "version": "17", "exporter": "", "database": "team-board", "owner": "app",
            "storage": "1Gi", "connections": 20, "secret": "", "resources": SIZE,  # type: ignore[typeddict-item] # a dict of that form
            "archive": {"storage": "1Gi", "timeout": 60, "keep": 60},
        }  # fmt: skip
        text = (
            postgresql.configuration(args)
            .replace("/etc/postgresql", str(root / "conf"))
            .replace("/var/run/postgresql", str(root / "sockets"))
        )
        self.write("conf/pg_hba.conf", postgresql.ACCESS.replace(" peer", " peer map=pod"))
        self.write("conf/pg_ident.conf", f"pod {self.user or pwd.getpwuid(os.geteuid()).pw_name} postgres\n")
        self.write("conf/postgresql.conf", f"{text}\nport = {port}\nident_file = '{root}/conf/pg_ident.conf'\nfsync = off\n")
        for name in ("archive.sh", "roles.sh"):
            self.write(f"conf/{name}", (SCRIPTS / "postgresql" / name).read_text())
        self.write("secrets/postgres-password", SUPERUSER)
        self.write("secrets/app-password", OWNER)
        self.env |= {
            "PGPORT": port, "PGDATA": f"{root}/data/pgdata", "ARCHIVE": f"{root}/archive/wal", "SECRETS": f"{root}/secrets",
            "DATABASE": "team-board", "OWNER": "app", "BASE": "yes", "PGHOST": "127.0.0.1", "PGUSER": "postgres", "PGPASSWORD": SUPERUSER,
        }  # fmt: skip

    def initialise(self) -> None:
        """What the image's own script does with an empty volume."""
        # Small segments: what a test writes fits into one, and an empty one is copied soon.
        quick = ("--no-sync", "--wal-segsize=1", "--no-instructions")
        self.well("initdb", "--username=postgres", "--pwfile=secrets/postgres-password", "--data-checksums", "--auth=trust", *quick)
        self.start()
        self.well("createdb", "team-board", PGHOST=f"{self.root}/sockets")
        self.script("roles", PGHOST=f"{self.root}/sockets")
        self.stop()

    def start(self) -> None:
        """Start it, and wait as its probe does until it takes connections."""
        self.well("pg_ctl", "start", "-w", "-l", f"{self.root}/log", "-o", f"-c config_file={self.root}/conf/postgresql.conf")
        _until(lambda: self.run("pg_isready").returncode == 0)

    def stop(self, mode: str = "fast") -> None:
        """Stop it."""
        self.run("pg_ctl", "stop", "-w", "-m", mode)

    def query(self, sql: str, **env: str) -> str:
        """What the services' role is answered."""
        own = {"PGUSER": "app", "PGPASSWORD": OWNER, "PGDATABASE": "team-board"} | env
        return self.well("psql", "--no-psqlrc", "--quiet", "-Atc", sql, **own)

    @property
    def log(self) -> str:
        """What the server said."""
        return (self.root / "log").read_text()


@contextmanager
def short_folder() -> Iterator[Path]:
    """One whose name is short enough for sockets in it, and that another user may enter."""
    with tempfile.TemporaryDirectory(prefix="td", dir=_quickest()) as name:
        yield Path(name)


def _quickest() -> str:
    """Memory, where there is enough: what is written here is soon gone."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else "/tmp"


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A PostgreSQL that was initialised, for all tests to begin with."""
    if not have("initdb", "pg_ctl", "psql", "pg_basebackup", "pg_verifybackup"):
        pytest.skip("PostgreSQL's server is not installed")
    if os.geteuid() == 0 and _user() is None:
        pytest.skip("PostgreSQL's server doesn't run as root, and there is no other user")
    with short_folder() as root:
        Postgres(root).initialise()
        yield root


@pytest.fixture
def postgres(initialised: Path) -> Iterator[Postgres]:
    """A PostgreSQL that runs."""
    with short_folder() as root:
        server = Postgres(root)
        server.well("cp", "-a", f"{initialised}/data/pgdata", f"{root}/data/pgdata")
        server.start()
        yield server
        server.stop("immediate")


def test_roles_and_passwords_are_the_secrets(postgres: Postgres) -> None:
    """From the first start on, and after a change; no password is in the log, or kept with the statements."""
    assert postgres.query("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user") == "app|f"
    assert postgres.query("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == "app"
    assert postgres.query("SHOW data_checksums") == "on"
    socket_ = {"PGHOST": f"{postgres.root}/sockets", "PGUSER": "exporter"}
    assert postgres.query("SELECT pg_has_role('pg_monitor', 'member')", **socket_, PGDATABASE="postgres") == "t"
    assert postgres.run("psql", "-d", "team-board", "-c", "SELECT 1", **socket_).returncode, "the exporter sees no data"
    postgres.write("secrets/app-password", "another")
    postgres.script("roles", PGHOST=f"{postgres.root}/sockets")
    assert postgres.query("SELECT 1", PGPASSWORD="another") == "1"
    assert postgres.run("psql", "-c", "SELECT 1", PGUSER="app", PGPASSWORD=OWNER).returncode
    assert postgres.run("psql", "-d", "postgres", "-c", "SELECT 1", PGPASSWORD="wrong").returncode
    kept = postgres.query("SELECT string_agg(query, '') FROM pg_stat_statements", PGUSER="postgres", PGPASSWORD=SUPERUSER)
    assert not [word for word in ("another", OWNER, SUPERUSER) if word in kept + postgres.log]


def test_a_dump_comes_back_and_what_was_there_is_kept(postgres: Postgres) -> None:
    """Into a running server, whose clients lose no more than their connections."""
    postgres.query("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i")
    postgres.well("psql", "-d", "postgres", "-c", "CREATE ROLE reader; GRANT pg_read_all_data TO reader")
    assert postgres.script("backup").startswith("made ")
    postgres.query("DROP TABLE t")
    postgres.well("psql", "-d", "postgres", "-c", "DROP ROLE reader")
    with postgres.popen("psql", "-d", "team-board", "-c", "SELECT pg_sleep(60)") as busy:
        postgres.script("restore")
        assert busy.wait(10)
    assert postgres.query("SELECT count(*) FROM t") == "1000"
    assert postgres.query("SELECT tableowner FROM pg_tables WHERE tablename = 't'") == "app"
    assert postgres.query("SELECT count(*) FROM pg_roles WHERE rolname = 'reader'") == "1"
    assert postgres.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'team-board-old-%' AND NOT datallowconn") == "1"


def test_one_gets_back_to_any_moment(postgres: Postgres) -> None:
    """To just before a mistake; and again, when that wasn't it. Then on from there, and to the very end of a server that is lost."""
    postgres.query("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i")
    postgres.script("backup")
    postgres.query("INSERT INTO t VALUES (1001)")
    moment = _second()
    postgres.query("DROP TABLE t")
    refused = postgres.run("sh", "scripts/recover.sh")
    assert refused.returncode
    assert "stop it first" in refused.stderr
    postgres.stop()
    assert moment in postgres.script("recover", MOMENT=moment)
    postgres.start()
    assert postgres.query("SELECT count(*) FROM t") == "1001"
    postgres.query("INSERT INTO t VALUES (1002)")
    # What was not archived is in the old folder still, if that is there.
    postgres.stop("immediate")
    postgres.script("recover")
    postgres.start()
    assert postgres.query("SELECT count(*), max(i) FROM t") == "1002|1002"
    assert len(list((postgres.root / "data").glob("pgdata.before-*"))) == 2
    postgres.query("CREATE TABLE u()")


@pytest.mark.matrix
def test_a_moment_that_no_backup_reaches_is_refused(postgres: Postgres) -> None:
    """As are one that is no time, and a backup that is damaged: and then nothing is touched."""
    postgres.script("backup")
    postgres.stop()
    for moment, said in (("2020-01-01T00:00:00Z", "there is no backup"), ("yesterday", "give it in UTC")):
        refused = postgres.run("sh", "scripts/recover.sh", MOMENT=moment)
        assert refused.returncode
        assert said in refused.stderr
    (base,) = (postgres.root / "backups").glob("*/base.tar.gz")
    base.write_bytes(base.read_bytes()[:-1])
    refused = postgres.run("sh", "scripts/recover.sh")
    assert "is not what was written" in refused.stderr
    postgres.start()
    assert not list((postgres.root / "data").glob("pgdata.*"))


def test_a_backup_that_fails_leaves_nothing(postgres: Postgres) -> None:
    """Half of one would be taken for a whole one some day."""
    done = postgres.run("sh", "scripts/backup.sh", DATABASE="nowhere")
    assert done.returncode
    assert '"nowhere" does not exist' in done.stderr
    assert postgres.backups() == []


@pytest.mark.matrix
def test_the_archive_keeps_what_its_backups_need(postgres: Postgres) -> None:
    """What is older than the oldest base backup of the time that is kept goes with the next one."""
    postgres.script("backup")
    wal = postgres.root / "archive" / "wal"
    first = {path.name for path in wal.iterdir()}
    for path in wal.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    postgres.query("CREATE TABLE t()")
    postgres.script("backup")
    _until(lambda: len(list(wal.glob("*.backup.gz"))) == 1 and not first & {path.name for path in wal.iterdir()})
    segment = next(path for path in sorted(wal.iterdir()) if path.name.endswith("0.gz") or len(path.name) == len("0" * 24 + ".gz"))
    postgres.write("other", "not what is there")
    clash = postgres.run("sh", "conf/archive.sh", "other", segment.name.removesuffix(".gz"))
    assert clash.returncode
    assert "two servers" in clash.stderr


@pytest.mark.parametrize(
    ("made", "left"),
    [
        ([], 0),
        (["20200101T000000Z"], 1),
        (["20200101T000000Z", "20200102T000000Z"], 1),
        (["20200101T000000Z", "29990101T000000Z"], 1),
        (["29990101T000000Z", "29990102T000000Z"], 2),
    ],
    ids=["none", "the newest is old", "two are old", "one is old", "none is old"],
)
def test_old_backups_go_but_for_the_newest(made: list[str], left: int, tmp_path: Path) -> None:
    """Before a new one is made, for which there may be no room otherwise."""
    for name in made:
        (tmp_path / name).mkdir()
    # Nothing of anybody else's is touched.
    (tmp_path / "lost+found").mkdir()
    script = f'set -eu; . "{SCRIPTS}/keep.sh"; prune'
    subprocess.run(("/bin/sh", "-c", script), env={"PATH": PATH, "BACKUPS": str(tmp_path), "KEEP": "60"}, timeout=10, check=True)
    names = sorted(path.name for path in tmp_path.iterdir() if path.name != "lost+found")
    assert names == sorted(made)[len(made) - left :]


class RedisServer(Folder):
    """A Redis as the component configures it, but for where its files are."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "redis")
        port = str(free_port())
        args: redis.RedisArgs = {
            "namespace": "shop", "labels": {}, "image": "", "version": "8", "exporter": "", "storage": "1Gi", "fsync": "always",
            "secret": "", "resources": SIZE,  # type: ignore[typeddict-item] # a dict of that form
        }  # fmt: skip
        text = redis.configuration(args).replace("/run/redis", str(root / "conf")).replace("dir /data", f"dir {root}/data")
        self.write("conf/redis.conf", f"{text}port {port}\nbind 127.0.0.1\nlogfile {root}/log\nrepl-diskless-sync-delay 0\n")
        self.env |= {
            "AUTH": f"{root}/conf/auth.conf", "CONF": f"{root}/conf/redis.conf", "REDISCLI_AUTH": SUPERUSER, "HOST": "127.0.0.1",
            "DATA": f"{root}/data", "REDIS_PORT": port,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = self.popen("sh", "scripts/start.sh")
        _until(lambda: self.run("redis-cli", "-p", self.env["REDIS_PORT"], "ping").stdout == "PONG\n")

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def ask(self, *words: str) -> str:
        """What it answers."""
        return self.well("redis-cli", "-p", self.env["REDIS_PORT"], *words)


@pytest.fixture
def store() -> Iterator[RedisServer]:
    """A Redis that runs. Its port is a made-up one, so redis-cli is told of it."""
    if not have("redis-server", "redis-cli", "redis-check-rdb"):
        pytest.skip("Redis is not installed")
    with short_folder() as root:
        server = RedisServer(root)
        for script in ("backup", "restore"):
            path = root / "scripts" / f"{script}.sh"
            path.write_text(path.read_text().replace('redis-cli -h "$HOST"', 'redis-cli -h "$HOST" -p "$REDIS_PORT"'))
        server.start()
        yield server
        server.stop()


def test_redis_comes_back(store: RedisServer) -> None:
    """From a backup, with what came before kept beside; and from its own file, when it is started anew."""
    store.ask("set", "name", "one")
    assert store.script("backup").startswith("made ")
    store.ask("set", "name", "two")
    refused = store.run("sh", "scripts/restore.sh")
    assert "stop it first" in refused.stderr
    store.stop()
    store.start()
    assert store.ask("get", "name") == "two"
    store.stop()
    store.script("restore")
    store.start()
    assert store.ask("get", "name") == "one"
    store.ask("set", "name", "three")
    store.stop()
    store.start()
    assert store.ask("get", "name") == "three"
    assert len(list((store.root / "data").glob("appendonlydir.before-*"))) == 1


def test_redis_asks_for_its_password_and_keeps_its_bounds(store: RedisServer) -> None:
    """Nobody without it gets anything; a backup without it fails, and leaves nothing."""
    assert "NOAUTH" in store.well("redis-cli", "-p", store.env["REDIS_PORT"], "get", "a", REDISCLI_AUTH="")
    assert store.ask("config", "get", "maxmemory").split()[1] == str(round(256 * 2**20 * 0.6))
    done = store.run("sh", "scripts/backup.sh", REDISCLI_AUTH="wrong")
    assert done.returncode
    assert store.backups() == []


def _second() -> str:
    """Now, when whatever was done has been done in a second before it, and what is done next comes after it."""
    begun = int(time.time())
    _until(lambda: int(time.time()) > begun)
    moment = datetime.fromtimestamp(int(time.time()), UTC)
    _until(lambda: time.time() > moment.timestamp() + 1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _until(holds: object, within: float = 20) -> None:
    assert callable(holds)
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
