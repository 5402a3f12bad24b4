"""Images have a tag that names a version.

Looks at: `spec.template.spec.containers[*].image` of Deployments.
Allowed: a tag other than `latest`, or a digest.
"""

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

KIND = "kubernetes:apps/v1:Deployment"


def unnamed(image: str) -> bool:
    """Whether the image is `latest`, by its tag or for want of one."""
    name = image.rpartition("/")[2]
    return "@" not in name and name.partition(":")[2] in {"", "latest"}


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type != KIND:
        return
    for container in args.props["spec"]["template"]["spec"]["containers"]:
        if unnamed(container["image"]):
            report(
                f"container {container['name']!r} runs {container['image']!r}: nobody could say later what ran, or go back to it. "
                "Name the version."
            )


named_version = ResourceValidationPolicy("named-version", "A slot runs a named version.", _validate)
