"""Images have a tag that names a version.

Looks at: the images of all containers, sidecars and init containers, of Deployments, StatefulSets, Jobs and CronJobs.
Allowed: a tag other than `latest`, or a digest.
"""

from typing import Any

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

KINDS = {"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:batch/v1:Job"}
CRON_JOB = "kubernetes:batch/v1:CronJob"


def unnamed(image: str) -> bool:
    """Whether the image is `latest`, by its tag or for want of one."""
    name = image.rpartition("/")[2]
    return "@" not in name and name.partition(":")[2] in {"", "latest"}


def pod(kind: str, spec: dict[str, Any]) -> dict[str, Any] | None:
    """The specification of the pods that an object makes, if it makes any."""
    if kind == CRON_JOB:
        spec = spec["jobTemplate"]["spec"]
    found: dict[str, Any] | None = spec["template"]["spec"] if kind in {*KINDS, CRON_JOB} else None
    return found


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if (made := pod(args.resource_type, args.props.get("spec") or {})) is None:
        return
    for container in [*(made.get("initContainers") or ()), *made["containers"]]:
        if unnamed(container["image"]):
            report(
                f"container {container['name']!r} runs {container['image']!r}: nobody could say later what ran, or go back to it. "
                "Name the version."
            )


named_version = ResourceValidationPolicy("named-version", "A slot runs a named version.", _validate)
