"""A subset of CIS' benchmarks for Kubernetes and AWS: what the pack `security` hasn't."""

from policies.compliance.cis.default_namespace import default_namespace
from policies.compliance.cis.flow_logs import flow_logs
from policies.compliance.cis.instance_metadata import instance_metadata
from policies.compliance.cis.minor_upgrades import minor_upgrades
from policies.compliance.cis.passwords import password_policy
from policies.judging import Policy

POLICIES: tuple[Policy, ...] = (default_namespace, instance_metadata, flow_logs, minor_upgrades, password_policy)
