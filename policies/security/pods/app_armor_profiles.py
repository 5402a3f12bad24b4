"""Containers run under an AppArmor profile: the runtime's own, or one of the node.

Looks at: `securityContext.appArmorProfile.type` of the pod and of all containers, init containers and ephemeral containers; the pod's
annotations `container.apparmor.security.beta.kubernetes.io/*`.
Allowed: RuntimeDefault or Localhost, or no profile; of annotations `runtime/default`, `localhost/*` or "".
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, Context, contexts

_TYPES: Final = ("RuntimeDefault", "Localhost")
_PREFIX: Final = "container.apparmor.security.beta.kubernetes.io/"
_DEFAULT: Final = "runtime/default"
_LOCAL: Final = "localhost/"


@of_pods(
    "Containers run under the runtime's AppArmor profile, or one of the node.",
    severity="high",
    fix="Leave `securityContext.appArmorProfile` and the annotations of AppArmor out, or set the type to RuntimeDefault or Localhost.",
    standards=(BASELINE,),
    tags=("pods", "apparmor"),
    url=f"{URL}#baseline",
)
def app_armor_profiles(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own profile, then each container's, then those of the annotations."""
    yield from each(contexts(pod), _judge)
    yield from each(_annotations(pod), _judge_annotation)


def _judge(context: Context) -> Iterator[Finding]:
    profile = context.at("appArmorProfile")
    kind = profile.at("type")
    if profile.given and kind.text not in _TYPES:
        reason = (
            f"{context.shown} has an AppArmor profile of the type {kind.shown}"
            if kind.text
            else f"the AppArmor profile of {context.shown} has no type"
        )
        yield Violation(kind, reason, f"Set `{kind.path}` to RuntimeDefault, or leave the profile out.", To("RuntimeDefault"))


def _annotations(pod: Pod) -> Iterator[Field]:
    for key, annotation in pod.metadata.at("annotations").entries():
        if key.startswith(_PREFIX):
            yield annotation


def _judge_annotation(annotation: Field) -> Iterator[Finding]:
    profile = annotation.text
    if profile and profile != _DEFAULT and not profile.startswith(_LOCAL):
        container = str(annotation.key).removeprefix(_PREFIX)
        reason = f"the annotation gives container {container!r} the AppArmor profile {annotation.shown}"
        yield Violation(annotation, reason, f"Take the annotation `{annotation.key}` away, or set it to {_DEFAULT}.", To(_DEFAULT))
