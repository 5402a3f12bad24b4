"""What people sign goes through a real stack: into configuration, outputs and history of updates, and counts when it is read back."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.gates.issuer import SECRET
from tests.local.stack.place import Place
from tests.unit.tidegate.gates.world import key_of, public
from tidegate.driver.opening import WallClock
from tidegate.driver.ports import Ports
from tidegate.driver.releases import Releases
from tidegate.gates.asking import People
from tidegate.gates.provers import GitHub, SshKey
from tidegate.model.events import Apply, Decide
from tidegate.model.ledger import Stamp
from tidegate.stack.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.gates.issuer import Issuer
    from tidegate.model.happening import Happening
    from tidegate.stack.port import PulumiStack

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen: install openssh-client")

# The planner, and nothing that is made: who approves what is all that this is about.
PROGRAM = """\
import json
import pulumi
from tidegate.model.events import Apply
from tidegate.model.ledger import migrate
from tidegate.planner.planning import next_ledger
from tidegate.program import configuration

intent, event = configuration.read()
itself = pulumi.StackReference(f"organization/{pulumi.get_project()}/{pulumi.get_stack()}")

def planned(raw):
    found = next_ledger(migrate(raw) if raw else None, intent, event or Apply())
    return json.loads(found.ledger.model_dump_json())

pulumi.export("ledger", itself.get_output("ledger").apply(planned))
"""
STACK = """\
config:
  tidegate:environment: {name: test, tier: production, domain: team.example, registry: ghcr.io/a, namespace: a, team: a, cost_centre: "1"}
  tidegate:monitoring: {kind: none}
  tidegate:services:
    web: {image: web, version: v1, secrets: [keys]}
  tidegate:secrets:
    keys: {required: [token]}
  tidegate:gates: GATES
"""


class Quiet:
    """Nobody is told."""

    def tell(self, happening: Happening) -> None:
        """Not even this."""

    def incident(self, happening: Happening) -> str | None:
        raise AssertionError(happening.text)


@pytest.fixture
def place(tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A stack with two approvers, brought up by Eve."""
    issuer.now = datetime.now(UTC)
    issuer.claims = {"actor": "ben", "run_id": "1" * 400}
    people: dict[str, Any] = {
        "ada": {"identities": [{"kind": "ssh", "key": public(key_of("ada"))}]},
        "ben": {"identities": [{"kind": "oidc", "issuer": issuer.address, "claims": {"actor": "ben", "environment": "production"}}]},
        "eve": {},
    }
    gates = {"people": people, "approvals": {"begin": {"approvers": ["ada", "ben"], "count": 2, "before": ["stage"]}}}
    derive = hashlib.pbkdf2_hmac
    monkeypatch.setattr(hashlib, "pbkdf2_hmac", lambda name, word, salt, count, size=None: derive(name, word, salt, min(count, 10), size))
    made = Place.make(tmp_path / "project", PROGRAM, STACK.replace("GATES", json.dumps(gates)))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield made
    Warm.forget()


def test_a_signed_word_is_kept_in_the_stack_and_counts(place: Place, issuer: Issuer, tmp_path: Path) -> None:
    """An SSH signature of many lines, and a long token: both are in the state as they were made, and in its history with who and why."""
    stack = place.stack()
    stack.update(stack.told({}, {}), Apply(stamp=Stamp.now(), reason="first"), print)
    place.file.write_text(place.file.read_text().replace("version: v1", "version: v2"))
    people = People(stack.full, place.folder, "eve")
    quiet: Any = Quiet()
    nobody: Any = None
    ports = Ports(stack=stack, cluster=nobody, judge=nobody, approvals=people, scans=nobody, clock=WallClock(), teller=quiet)

    key = tmp_path / "id_ed25519"
    key.write_bytes(private("ada"))
    key.chmod(0o600)
    job = GitHub({"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.address}/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET})
    assert standing(people, stack) == ("no-data", "2 of ada, ben")
    Releases(ports, "ada").approve("stage", 'it\'s well;\n"really" ✓', SshKey(key))
    assert standing(people, stack) == ("no-data", "1 more of ada, ben (ben)")
    Releases(ports, "ben").approve("stage", "", job)
    assert standing(people, stack) == ("pass", "stage is approved by ada, ben")

    first, second = [past.event for past in stack.past()[:2]]
    assert isinstance(first, Decide)
    assert isinstance(second, Decide)
    assert (second.stamp.by, second.reason) == ("ada", 'it\'s well;\n"really" ✓')
    assert first.approval.by == f"oidc:{issuer.address}:repo:team/shop:environment:production"
    # What is asked changes with what is to be released, also by a secret alone.
    place.pulumi("config", "set", "--secret", "--path", "tidegate:secrets.keys.values.token", "another", "--stack", "dev")
    assert standing(people, stack)[0] == "no-data"


def standing(people: People, stack: PulumiStack) -> tuple[str, str]:
    """How it stands."""
    ledger, now = stack.read().ledger, datetime.now(UTC)
    assert ledger is not None
    found = people.state(stack.told({}, {}), ledger, "stage", now, now)
    return found.held[0].verdict, "; ".join(found.missing) or found.text


def private(name: str) -> bytes:
    """Somebody's key, as its file has it."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key_of(name).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
