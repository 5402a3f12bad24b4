"""What people write is taken or refused as a whole: every problem at once, with its line and what is allowed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tidegate.model.errors import ConfigurationError
from tidegate.model.events import Shift
from tidegate.model.loading import from_config, load

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = """\
config:
  aws:region: eu-central-1
  tidegate:environment:
    name: staging
    tier: staging
    domain: team.example
    registry: ghcr.io/team
    namespace: team
    team: core
    cost_centre: "4711"
    gateway: {name: public, namespace: gateways}
  tidegate:services:
    web:
      image: web
      version: v1
      replicas: 3
      depends_on: [api, database]
      drain: 15s
      traffic: {kind: gateway, host: www}
      strategy: canary
      steps: [{weight: 25}, {weight: 100}]
      env: {LEVEL: info}
    api:
      image: api
      version: v1
      secrets: [database]
  tidegate:data:
    database: {kind: postgresql, secret: database}
  tidegate:secrets:
    database:
      required: [postgres-password, postgres-url]
      values: {postgres-password: {secure: v1:abc}, postgres-url: {secure: v1:abc}}
"""


def problems(tmp_path: Path, text: str) -> list[tuple[int | None, str, str]]:
    """Load a file and return its problems."""
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(text)
    loaded = load(file)
    assert (loaded.intent is None) == bool(loaded.problems)
    assert {problem.file for problem in loaded.problems} <= {str(file)}
    return [(problem.line, problem.path, problem.message) for problem in loaded.problems]


def test_a_right_file_is_an_intent(tmp_path: Path) -> None:
    """Keys of others are none of our business, and encrypted values count as texts."""
    assert problems(tmp_path, RIGHT) == []


WRONG: list[tuple[str, str, str, str]] = [
    # What is replaced, by what; the path of the only problem, and what is said of it.
    ("version: v1\n      replicas", "version: 1.10\n      replicas", "services.web.version", 'quote it: "1.10"'),
    ("version: v1\n      replicas", "version: 1e3\n      replicas", "services.web.version", 'quote it: "1e3"'),
    ("version: v1\n      replicas", "version: 0777\n      replicas", "services.web.version", 'quote it: "0777"'),
    ("version: v1\n      replicas", "version: 2026-01-02\n      replicas",
     "services.web.version", 'read as a date, but must be a text: quote it: "2026-01-02"'),
    ("version: v1\n      replicas", "version: true\n      replicas",
     "services.web.version", 'read as a boolean, but must be a text: quote it: "true"'),
    ("version: v1\n      replicas", "version:\n      replicas", "services.web.version", "is empty: give it a value, or remove the line"),
    ("version: v1\n      replicas", "version: [v1]\n      replicas", "services.web.version", "must be a text, not a list"),
    ("version: v1\n      replicas", "version: v 1\n      replicas",
     "services.web.version", 'such as v1.4.2; at most 63 characters, not "v 1"'),
    ("version: v1\n      replicas", "replicas", "services.web.version", "is missing: give a version, or a digest"),
    ("version: v1\n      replicas", "vesion: v1\n      replicas", "services.web.vesion", "did you mean version?"),
    ("image: web", "image: web:v1", "services.web.image", "without tag and digest, which are version and digest"),
    ("replicas: 3", 'replicas: "3"', "services.web.replicas", "must be a whole number from 1 to 1000, but is a text: remove the quotes"),
    ("replicas: 3", "replicas: 0", "services.web.replicas", "must be a whole number from 1 to 1000, not 0"),
    ("replicas: 3", "replicas: 2.5", "services.web.replicas", "must be a whole number from 1 to 1000, not 2.5"),
    ("replicas: 3", "replicas: yes", "services.web.replicas", 'must be a whole number from 1 to 1000, not "yes"'),
    ("replicas: 3", "replicas: .inf", "services.web.replicas", "must be a whole number from 1 to 1000, not .inf"),
    ("replicas: 3", "replicas: 3\n      autoscaling: {}", "services.web.replicas", "give replicas, or autoscaling, and not both"),
    ("replicas: 3", "autoscaling: {min: 5, max: 4}", "services.web.autoscaling.min", "5 is above max, which is 4"),
    ("replicas: 3", "autoscaling: {cpu: null}", "services.web.autoscaling", "give a target for cpu or memory"),
    ("replicas: 3", "autoscaling: 3", "services.web.autoscaling", "must be a mapping, not 3"),
    ("replicas: 3", "host: www", "services.web.host", "belongs to traffic: indent it below that"),
    ("replicas: 3", "renamed_from: api", "services.web.renamed_from", "api is still a service"),
    ("drain: 15s", "drain: 15", "services.web.drain", "must be a time with its unit: 500ms, 90s, 5m, 1h30m, 14d, not 15"),
    ("drain: 15s", "drain: a minute", "services.web.drain", 'not "a minute"'),
    ("drain: 15s", "probes: {ready: {port: grpc}}", "services.web.probes.ready.port", "the container has no port grpc; it has http"),
    ("drain: 15s", "egress: [{cidr: 10.0.0.1/8}]", "services.web.egress[0].cidr", "10.0.0.1/8 has host bits set"),
    ("drain: 15s", "checks: {smoke: {}}", "services.web.checks.smoke", "give paths, or an image, and not both"),
    ("drain: 15s", "checks: {smoke: {image: x, command: [a], paths: [/]}}", "services.web.checks.smoke", "give paths, or an image"),
    ("drain: 15s", "secrets: [databse]", "services.web.secrets[0]", "there is no set databse in tidegate:secrets; did you mean database?"),
    ("drain: 15s", "secrets: [database, database]", "services.web.secrets[1]", "database is there twice"),
    ("drain: 15s", "secrets: database", "services.web.secrets", 'must be a list, not "database": write ["database"]'),
    ("drain: 15s", "config: {app.yaml: a}", 'services.web.config["app.yaml"]', "must be a whole path in the container"),
    ("drain: 15s", "annotations: {80: a}", "services.web.annotations.80", 'keys are texts: quote it: "80"'),
    ("drain: 15s", "ports: {}", "services.web.ports", "is empty: there must be at least one"),
    ("drain: 15s", "analysis: {error_rate: 1%}", "services.web.analysis.error_rate", 'a number above 0 and below 1, not "1%": write 0.01'),
    ("drain: 15s", "analysis: {pass_score: 50}", "services.web.analysis.marginal_score", "75 is above pass_score, which is 50"),
    ("drain: 15s", "analysis: {metrics: {a: {query: up}}}", "services.web.analysis.metrics.a", "give max, min or compare"),
    ("drain: 15s", "analysis: {error_rate: null, latency_p95: null}", "services.web.analysis", "measures nothing"),
    ("drain: 15s", "analysis: {metrics: {a: {query: 'sum(rate(x[5m])', max: 1}}}", "services.web.analysis.metrics.a.query", "is no PromQL"),
    ("drain: 15s", "analysis: {metrics: {a: {query: 'x{pod=\"{{pod}}\"}', max: 1}}}", "services.web.analysis.metrics.a.query",
     "there is no {{pod}}; there are {{service}}, {{namespace}}, {{slot}}, {{window}}"),
    ("drain: 15s", "analysis: {window: 10ms}", "services.web.analysis.window", "10ms is too short: a second at least"),
    ("drain: 15s", "resources: {requests: {cpu: 500, memory: 1Gi}, limits: {cpu: '1', memory: 1Gi}}",
     "services.web.resources.requests.cpu", 'quote it: "500"'),
    ("drain: 15s", "resources: {requests: {cpu: 2000m, memory: 1Gi}, limits: {cpu: '1', memory: 1Gi}}",
     "services.web.resources.requests.cpu", "2000m is above the limit, which is 1"),
    ("drain: 15s", "resources: {requests: {cpu: 1m, memory: 512m}, limits: {cpu: '1', memory: 1Gi}}",
     "services.web.resources.requests.memory", "512Mi"),
    ("LEVEL: info", "LEVEL: 10", "services.web.env.LEVEL", 'read as a number, but must be a text: quote it: "10"'),
    ("LEVEL: info", "LEVEL: {secure: v1:abc}", "services.web.env.LEVEL", "is encrypted, which only values of tidegate:secrets can be"),
    ("LEVEL: info", "9X: a", "services.web.env.9X", "\"9X\" can't be its name, which must be a variable's name"),
    ("[api, database]", "[apy]", "services.web.depends_on[0]", "no service or data service apy; did you mean api?"),
    ("[api, database]", "[web]", "services.web.depends_on[0]", "a service can't depend on itself"),
    ("[api, database]", "[api, api]", "services.web.depends_on[1]", "api is there twice"),
    ("secrets: [database]", "depends_on: [web]", "services.web.depends_on", "in a circle: web -> api -> web"),
    ("secrets: [database]", "env: {postgres-url: a}\n      secrets: [database]",
     "services.api.secrets[0]", "the variable postgres-url is in env too"),
    ("kind: gateway, host", "kind: gatway, host",
     "services.web.traffic.kind", 'must be selector or gateway, not "gatway"; did you mean gateway?'),
    ("kind: gateway, host", "host", "services.web.strategy", "canary needs traffic.kind gateway"),
    ("host: www", 'host: "*"', "services.web.traffic.host", 'must be "@", or a DNS name'),
    ("host: www", "host: www.team.example", "services.web.traffic.host", "write www: the domain team.example is put behind it"),
    ("host: www", "host: team.example", "services.web.traffic.host", 'write "@", which is team.example'),
    ("host: www", "host: www, mirror: 10%", "services.web.traffic.mirror", "write 10"),
    ("strategy: canary", "strategy: blue-green", "services.web.steps", "steps need strategy canary"),
    ("strategy: canary", "strategy: bluegreen", "services.web.strategy", "did you mean blue-green?"),
    ("{weight: 100}", "{weight: 20}, {weight: 100}", "services.web.steps[1].weight", "weights must rise, but 20 comes after 25"),
    ("{weight: 100}", "{weight: 90}", "services.web.steps[1].weight", "the last step must have weight 100, not 90"),
    ("[{weight: 25}, {weight: 100}]", "[]", "services.web.steps", "are missing: strategy canary needs them"),
    ("tier: staging", "tier: stage", "environment.tier", 'must be local, staging or production, not "stage"; did you mean staging?'),
    ("    tier: staging\n", "", "environment.tier", "is missing: which sizes hold by default"),
    ("    domain: team.example\n", "",
     "environment.domain", "is missing: the services' hosts are below it, or are it; for example team.example"),
    ("domain: team.example", "domain: https://team.example", "environment.domain", "a DNS name"),
    ('cost_centre: "4711"', "cost_centre: 4711", "environment.cost_centre", 'quote it: "4711"'),
    ('cost_centre: "4711"', 'cost_centre: "4711"\n    dns: yes', "environment.dns", 'must be true or false, not "yes": write true'),
    ('cost_centre: "4711"', 'cost_centre: "4711"\n    dns: "true"', "environment.dns", 'must be true or false, not "true": write true'),
    ("gateway: {name: public, namespace: gateways}", "gateway: {name: public, namespace: gateways}\n    tls: {}",
     "environment.tls", "give an issuer, or a secret, and not both"),
    ("gateway: {name: public, namespace: gateways}", "dns: true", "services.web.traffic.kind", "gateway needs environment.gateway"),
    ("gateway: {name: public, namespace: gateways}", "gateway: public", "environment.gateway", 'must be a mapping, not "public"'),
    ("gateway: {name: public, namespace: gateways}", "gateway: {namespace: a}", "environment.gateway.name", "is missing"),
    ("kind: postgresql", "kind: postgres", "data.database.kind", "did you mean postgresql?"),
    ("kind: postgresql, ", "", "data.database.kind", "is missing; it must be managed, postgresql or redis"),
    ("kind: postgresql, ", "kind: redis, ", "data.database.secret", "the set database must have redis-password among its required keys"),
    ("tidegate:data:", "tidegate:date:", "date", "there is no such setting; did you mean data?"),
    ("tidegate:data:", "tidegate:nonsense: {}\n  tidegate:data:", "nonsense", "there is no such setting; there are environment, services"),
    ("tidegate:data:", "tidegate:services.web.version: v2\n  tidegate:data:", "services.web.version", "`pulumi config set --path"),
    ("tidegate:data:", "tidegate:backup: {schedule: daily}\n  tidegate:data:", "backup.schedule", "five fields as cron has them"),
    ("tidegate:data:", "tidegate:monitoring: {kind: own}\n  tidegate:data:",
     "monitoring.secret", "is missing: kind own needs a set of secrets"),
    ("tidegate:data:", "tidegate:event: {kind: shift, weight: 200, stamp: {at: a, by: b}}\n  tidegate:data:",
     "event.weight", "from 0 to 100, not 200"),
    ("tidegate:data:", "tidegate:gates: {freezes: {a: {start: 0 18 * * 5, duration: 60h, timezone: Berlin, reason: b}}}\n  tidegate:data:",
     "gates.freezes.a.timezone", "there is no Berlin"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {}}}\n  tidegate:data:",
     "gates.scans.a.reports", "is missing: the files, VEX too"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: []}}}\n  tidegate:data:",
     "gates.scans.a.reports", "there must be at least one"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: a.json}}}\n  tidegate:data:",
     "gates.scans.a.reports", "must be a list"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [/tmp/a.json]}}}\n  tidegate:data:",
     "gates.scans.a.reports[0]", "a path from the folder of Pulumi.yaml on"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [a/../../b.json]}}}\n  tidegate:data:",
     "gates.scans.a.reports[0]", "may lead out of the repository"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [a.json, trivvy=b.json]}}}\n  tidegate:data:",
     "gates.scans.a.reports[1]", "no format trivvy; did you mean trivy?"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [x=b.json]}}}\n  tidegate:data:",
     "gates.scans.a.reports[0]", "no format x; there are sarif, trivy"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: ['trivy={{tag}}.json']}}}\n  tidegate:data:",
     "gates.scans.a.reports[0]", "{{tag}} is nothing that is filled in; there are {{service}}, {{version}} and {{digest}}"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [a.json], baseline: ../b}}}\n  tidegate:data:",
     "gates.scans.a.baseline", "may lead out of the repository"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [a.json], thresholds: {critcal: 0}}}}\n  tidegate:data:",
     "gates.scans.a.thresholds.critcal", "did you mean critical?"),
    ("tidegate:data:", "tidegate:gates: {scans: {a: {reports: [a.json], thresholds: {critical: -1}}}}\n  tidegate:data:",
     "gates.scans.a.thresholds.critical", "a whole number from 0"),
    ("tidegate:data:",
     "tidegate:gates: {scans: {a: {reports: [a], exemptions: [{id: b, owner: c, reason: d, until: '2026-02-30'}]}}}\n  tidegate:data:",
     "gates.scans.a.exemptions[0].until", "no 2026-02-30 in the calendar"),
    ("tidegate:data:", "tidegate:gates: {approval: {}}\n  tidegate:data:", "gates.approval", "did you mean approvals?"),
    ("tidegate:data:", "tidegate:gates: {approvals: {a: {approvers: [ada]}}}\n  tidegate:data:",
     "gates.approvals.a.approvers[0]", "there is no ada in gates.people or gates.roles"),
    ("tidegate:data:", "tidegate:gates: {people: {ada: {}}, approvals: {a: {approvers: [ada]}}}\n  tidegate:data:",
     "gates.approvals.a.count", "only 0 approvers"),
    ("tidegate:data:", "tidegate:gates: {holidays: {a: {first: 2026-12-24, reason: b}}}\n  tidegate:data:",
     "gates.holidays.a.first", 'quote it: "2026-12-24"'),
    ("tidegate:data:", "tidegate:gates: {people: {ada: {identities: [{kind: ssh, key: ada}]}}}\n  tidegate:data:",
     "gates.people.ada.identities[0].key", "a public key as a line of id_ed25519.pub is"),
    ("tidegate:data:", "tidegate:gates: {people: {ada: {identities: [{kind: shh}]}}}\n  tidegate:data:",
     "gates.people.ada.identities[0].kind", "did you mean ssh?"),
    ("postgres-url: {secure: v1:abc}", "", "secrets.database.values.postgres-url", "is required, but has no value"),
    ("postgres-url: {secure: v1:abc}", "postgres-url: plain", "secrets.database.values.postgres-url", "is not encrypted"),
    ("values: {postgres-password: {secure: v1:abc}, postgres-url: {secure: v1:abc}}", "values: {secure: v1:abc}",
     "secrets.database.values", "encrypt each value by itself"),
    ("values: {", "external: {store: vault, path: a}\n      values: {", "secrets.database.values", "here or in a store outside, not both"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "message"), WRONG, ids=lambda part: part.replace("\n", " ")[:30])
def test_what_is_wrong_is_said_where_it_is(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    """Each slip gives one problem, in its line, that says what is allowed."""
    assert RIGHT.count(old) == 1, old
    text = RIGHT.replace(old, new)
    ((line, where, said),) = problems(tmp_path, text)
    assert where == f"tidegate:{path}"
    assert message in said
    *_, parent, key = ["", *re.findall(r"[^.\[\]\"]+\.yaml|[^.\[\]\"]+", where.removeprefix("tidegate:"))]
    assert any(part in text.splitlines()[(line or 0) - 1] for part in (key, parent)), (line, where)


RIGHT_TOO: list[tuple[str, str]] = [
    ("LEVEL: info", "LEVEL: off"),  # as Go reads YAML, this is a text
    ("LEVEL: info", "LEVEL: 1:30"),
    ("LEVEL: info", 'LEVEL: ""'),
    ("version: v1\n      replicas", 'version: "1.10"\n      replicas'),
    ("version: v1\n      replicas", f"digest: sha256:{'ab' * 32}\n      replicas"),
    ("replicas: 3", "autoscaling: {}"),
    ("replicas: 3", "analysis: {error_rate: null}"),
    ("host: www", 'host: "@"'),
    ("values: {postgres-password: {secure: v1:abc}, postgres-url: {secure: v1:abc}}", "external: {store: vault, path: team/database}"),
    ("tier: staging", "tier: local"),
    ("tidegate:data:", "tidegate:event: {kind: shift, weight: 20, stamp: {at: a, by: b}}\n  tidegate:data:"),
    # as `pulumi config set tidegate:event '{...}'` writes it
    ("tidegate:data:", 'tidegate:event: \'{"kind": "shift", "weight": 20}\'\n  tidegate:data:'),
    ("tidegate:data:", "tidegate:policies: {settings: {release/update-size: {deleted: 5, names: [a]}}}\n  tidegate:data:"),
    ("tidegate:data:", "data:"),  # a key without a namespace is the project's
    ("tidegate:data:", "tidegate:config:data:"),  # as older files have it
]


@pytest.mark.parametrize(("old", "new"), RIGHT_TOO, ids=lambda part: part.replace("\n", " ")[:30])
def test_what_is_right_is_taken(tmp_path: Path, old: str, new: str) -> None:
    """What may be left out or spelled in another way, may."""
    assert problems(tmp_path, RIGHT.replace(old, new)) == []


def test_all_problems_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    """Wrong types, unknown settings, and what doesn't fit together elsewhere, all in one go."""
    text = (
        RIGHT.replace("tier: staging", "tier: 5")
        .replace("replicas: 3", "replicas: three")
        .replace("[api, database]", "[apy, database]")
        .replace("drain: 15s", "secrets: [datbase]")
        .replace("image: api", "imgae: api")
        .replace("kind: postgresql", "kind: postgresql, fsync: always")
    )
    assert [(line, path.removeprefix("tidegate:")) for line, path, _ in problems(tmp_path, text)] == [
        (5, "environment.tier"),
        (16, "services.web.replicas"),
        (17, "services.web.depends_on[0]"),
        (18, "services.web.secrets[0]"),
        (24, "services.api.imgae"),
        (28, "data.database.fsync"),
    ]


def test_nothing_is_concluded_from_what_is_wrong(tmp_path: Path) -> None:
    """A set whose values are wrong is there all the same, and a gateway that is misspelled is not missing."""
    text = RIGHT.replace("values: {postgres-password: {secure: v1:abc}, postgres-url: {secure: v1:abc}}", "values: [a]")
    text = text.replace("gateway: {name: public", "gatewya: {name: public")
    assert [path for _, path, _ in problems(tmp_path, text)] == ["tidegate:environment.gatewya", "tidegate:secrets.database.values"]


FILES: list[tuple[str, int | None, str]] = [
    ("", None, "is empty; write what is to run below `config:`"),
    ("# nothing\n", None, "is empty"),
    ("- a\n", 1, "must be a mapping, with `config:` at its top"),
    ("encryptionsalt: v1\n", 1, "there is no `config:`"),
    ("config: 5\n", 1, "`config:` must be a mapping"),
    ("config:\n  tidegate:services:\n\tweb: {}\n", 3, "there is a tab; YAML is indented by spaces"),
    ("config:\n  a: b: c\n", 2, "there is a colon where none can be"),
    ("config:\n  a: [1\n", 3, "is no YAML: "),
    ("config:\n  a: b\n   c: d\n", 3, "is the line indented rightly"),
    ("config:\n  a: 'b\n", 3, "is no YAML"),
    ("config:\n  a: *b\n", 2, "is no YAML: found undefined alias"),
    ("config: {}\n---\nconfig: {}\n", 2, "is no YAML"),
    ("config:\n  a: b\n  c: \0\n", 3, "there is a character that YAML doesn't take"),
    ("config:\n  ? [a]\n  : b\n", 2, "a key must be a text"),
    ("config:\n  tidegate:data: !!int a\n", 2, "can't be read as its tag int says"),
    ("config:\n  tidegate:data: !!binary a\n", 2, "can't be read as its tag binary says"),
]


@pytest.mark.parametrize(("text", "line", "message"), FILES, ids=[str(i) for i in range(len(FILES))])
def test_a_file_that_cant_be_read_says_where(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    """What is wrong with the YAML itself is told with its line."""
    found = problems(tmp_path, text)
    assert any(where == line and message in said for where, _, said in found), found


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    """Not with what went wrong in the codec."""
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_bytes("config: {a: é}".encode("latin-1"))
    assert [problem.message for problem in load(file).problems] == ["is not in UTF-8; save it in that encoding"]
    file.write_bytes(b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode())
    assert load(file).problems == ()


def test_keys_that_are_there_twice_are_refused(tmp_path: Path) -> None:
    """Engines take the first, the last or none of them; people mean one."""
    text = RIGHT.replace("replicas: 3", "replicas: 3\n      replicas: 4") + "  tidegate:data: {}\n"
    assert problems(tmp_path, text) == [
        (17, "tidegate:services.web.replicas", "is there twice; the first one is in line 16"),
        (34, "tidegate:data", "is there twice; the first one is in line 28"),
    ]


def test_settings_outside_of_config_are_refused(tmp_path: Path) -> None:
    """An indentation lost doesn't make a setting vanish."""
    found = problems(tmp_path, RIGHT + "tidegate:backup: {}\n")
    assert found == [(33, "tidegate:backup", "must be below `config:`, indented by two spaces")]


def test_anchors_and_merges_are_followed(tmp_path: Path) -> None:
    """What is written once counts wherever it is referred to, and is wrong in the line where it is written."""
    text = RIGHT.replace("env: {LEVEL: info}", "env: &env {LEVEL: info}").replace("secrets: [database]", "env: {<<: *env, OTHER: a}")
    assert problems(tmp_path, text) == []
    found = problems(tmp_path, text.replace("LEVEL: info", "LEVEL: 5"))
    assert [(line, path) for line, path, _ in found] == [(22, "tidegate:services.web.env.LEVEL"), (22, "tidegate:services.api.env.LEVEL")]


def test_what_refers_to_itself_is_refused(tmp_path: Path) -> None:
    """It is told, not followed for ever."""
    found = problems(tmp_path, RIGHT.replace("env: {LEVEL: info}", "env: &env {LEVEL: *env}"))
    assert (22, "tidegate:services.web.env.LEVEL", "refers to itself") in found


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """With no line to speak of."""
    (problem,) = load(tmp_path / "Pulumi.nope.yaml").problems
    assert (problem.line, problem.message) == (None, "there is no such file")


def as_config(text: str) -> dict[str, str]:
    """What the engine gives the program: objects as JSON text, secrets in the clear."""
    bare = yaml.safe_load(text.replace("{secure: v1:abc}", "topsecret"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in bare.items()}


def test_the_engines_configuration_is_taken() -> None:
    """Without any file, and with the event that a command put there."""
    loaded = from_config({**as_config(RIGHT), "tidegate:event": '{"kind":"shift","weight":20,"stamp":{"at":"a","by":"b"}}'})
    assert loaded.problems == ()
    assert loaded.required().secrets["database"].values["postgres-url"] == "topsecret"
    assert isinstance(loaded.event, Shift)


def test_the_engines_configuration_and_the_file_say_the_same(tmp_path: Path) -> None:
    """Of a wrong stack `validate` and the program tell the same problems, in the same lines."""
    file = tmp_path / "Pulumi.staging.yaml"
    text = RIGHT.replace("version: v1\n      replicas", "version: 1.10\n      replicas").replace("[api, database]", "[apy]")
    file.write_text(text)
    assert from_config(as_config(text), file).problems == load(file).problems
    assert [problem.line for problem in load(file).problems] == [15, 17]


def test_secrets_in_the_clear_are_refused_before_an_update_too(tmp_path: Path) -> None:
    """The program gets them decrypted, so it looks into the file; on one's own machine they may be."""
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(RIGHT.replace("postgres-url: {secure: v1:abc}", "postgres-url: plain"))
    (problem,) = from_config(as_config(RIGHT), file).problems
    assert (problem.line, problem.path) == (32, "tidegate:secrets.database.values.postgres-url")
    assert "plain" not in str(problem)
    file.write_text(RIGHT.replace("{secure: v1:abc}", "plain").replace("tier: staging", "tier: local"))
    assert load(file).problems == ()


def test_a_wrong_configuration_is_one_error_that_tells_all(tmp_path: Path) -> None:
    """Whoever needs the intent gets it, or an error whose text is all there is to know."""
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(RIGHT.replace("replicas: 3", "replicas: 0").replace("[api, database]", "[apy]"))
    with pytest.raises(
        ConfigurationError, match=rf"{file}:16: tidegate:services.web.replicas: must be .*\n.*{file}:17: .*did you mean api"
    ):
        load(file).required()


MARK = "hunter2-topsecret"
LEAKS: list[Any] = [
    {"database": MARK},
    {"database": {"required": ["a"], "values": MARK}},
    {"database": {"required": ["a"], "values": [MARK]}},
    {"database": {"required": MARK, "values": {"a": MARK}}},
    {"database": {"required": ["a"], "values": {"a": {"b": MARK}}}},
    {"database": {"required": ["a"], "value": {"a": MARK}}},
    {"database": {"required": ["a"], "values": {"a b": MARK}}},
    {"database": {"required": ["a"], "values": {"a": MARK}, "external": MARK}},
    [MARK],
    MARK,
]


@pytest.mark.parametrize("secrets", LEAKS, ids=str)
def test_no_secret_gets_into_an_error(secrets: Any) -> None:
    """Whatever is wrong with them, their text isn't told."""
    loaded = from_config({**as_config(RIGHT), "tidegate:secrets": secrets if isinstance(secrets, str) else json.dumps(secrets)})
    assert loaded.problems
    assert MARK not in "".join(map(str, loaded.problems)) + repr(loaded)
