"""What all policies stand on: what they look at, how they say what they find, and how they are declared."""

from policies.judging.declaring import Given, Policy, Settings, Standard, of_objects, of_pods, of_stack, of_update
from policies.judging.fields import Field
from policies.judging.findings import Doubt, Finding, To, Violation, each
from policies.judging.judging import judge
from policies.judging.pods import Container, Pod
from policies.judging.stacks import Change, Stack, stack_of
from policies.judging.subjects import Subject, of_manifest, of_resource

__all__ = [
    "Change",
    "Container",
    "Doubt",
    "Field",
    "Finding",
    "Given",
    "Pod",
    "Policy",
    "Settings",
    "Stack",
    "Standard",
    "Subject",
    "To",
    "Violation",
    "each",
    "judge",
    "of_manifest",
    "of_objects",
    "of_pods",
    "of_resource",
    "of_stack",
    "of_update",
    "stack_of",
]
