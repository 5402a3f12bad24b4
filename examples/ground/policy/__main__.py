"""What must hold of a service with two slots: a policy for each slot, and one for the stack as a whole."""

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

SLOT, ROUTE = "pulumi-python:dynamic/ground:Slot", "pulumi-python:dynamic/ground:Route"


def _pinned(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == SLOT and args.props.get("version") == "latest":
        report("'latest' is not a version: nobody could say later what ran, or go back to it. Name the version.")


def _users_are_served(args: StackValidationArgs, report: ReportViolation) -> None:
    versions = {resource.name: resource.props.get("version") for resource in args.resources if resource.resource_type == SLOT}
    for route in args.resources:
        if route.resource_type == ROUTE and not versions.get(route.props["live"]):
            report(f"the users would be sent to slot {route.props['live']}, which runs nothing.", route.urn)


PolicyPack(
    "ground",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy("pinned-version", "A slot runs a named version.", _pinned),
        StackValidationPolicy("users-are-served", "The live slot runs a version.", _users_are_served),
    ],
)
