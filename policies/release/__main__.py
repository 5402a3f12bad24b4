"""The pack of the release's safety: one policy a file, put together here."""

from live_slot_runs import live_slot_runs
from named_version import named_version
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack("release", enforcement_level=EnforcementLevel.MANDATORY, policies=[named_version, live_slot_runs])
