"""No container is without a seccomp profile by its own wish.

Looks at: `securityContext.seccompProfile.type` of the pod and of all containers, init containers and ephemeral containers.
Allowed: RuntimeDefault or Localhost, or no profile. Restricted asks for one, see required_seccomp_profiles.py; it doesn't ask pods of
Windows (`os.name: windows`): they have none.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, Context, cis, contexts

RUNTIME_DEFAULT: Final = "RuntimeDefault"
_TYPES: Final = (RUNTIME_DEFAULT, "Localhost")


@of_pods(
    "No container is without a seccomp profile by its own wish.",
    severity="high",
    fix="Set `securityContext.seccompProfile.type` to RuntimeDefault or Localhost.",
    standards=(BASELINE, cis("5.7.2")),
    tags=("pods", "seccomp"),
    url=f"{URL}#baseline",
)
def seccomp_profiles(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own profile, then each container's."""

    def judge(context: Context) -> Iterator[Finding]:
        profile = context.at("seccompProfile")
        kind = profile.at("type")
        if profile.given and kind.text not in _TYPES and not (given.level == "restricted" and pod.windows):
            reason = (
                f"{context.shown} has a seccomp profile of the type {kind.shown}"
                if kind.text
                else f"the seccomp profile of {context.shown} has no type"
            )
            yield Violation(kind, reason, f"Set `{kind.path}` to {RUNTIME_DEFAULT}.", To(RUNTIME_DEFAULT))

    yield from each(contexts(pod), judge)
