"""What is built in, and by which licence."""

from policies.compliance.licences.allowed_licences import allowed_licences
from policies.judging import Policy

POLICIES: tuple[Policy, ...] = (allowed_licences,)
