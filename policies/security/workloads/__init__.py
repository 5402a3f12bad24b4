"""Workloads: how much they may take, and how Kubernetes knows how they are."""

from policies.security.workloads.probes import probes
from policies.security.workloads.resources import resources

POLICIES = (resources, probes)
