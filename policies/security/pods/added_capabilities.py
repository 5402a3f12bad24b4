"""Containers add no capabilities beyond those that runtimes give by default, and of these not NET_RAW.

Looks at: `securityContext.capabilities.add` of all containers, init containers and ephemeral containers.
Allowed: AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT; or
nothing. Restricted allows fewer, see dropped_capabilities.py; it doesn't ask pods of Windows (`os.name: windows`): they have none.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, cis

DEFAULT: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)


def refused(container: Container, added: Field) -> Violation:
    """That a container adds a capability; it is to go."""
    listed = added.path.rpartition("[")[0]
    return Violation(added, f"{container.shown} adds the capability {added.shown}", f"Take {added.shown} out of `{listed}`.", To())


@of_pods(
    "Containers add no capabilities beyond the default ones.",
    severity="high",
    fix=f"Add only what is needed of these in `securityContext.capabilities.add`: {', '.join(sorted(DEFAULT))}.",
    standards=(BASELINE, cis("5.2.8", "5.2.9")),
    tags=("pods", "capabilities"),
    url=f"{URL}#baseline",
)
def added_capabilities(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each capability for itself."""

    def judge(container: Container) -> Iterator[Finding]:
        yield from each(container.at("securityContext", "capabilities", "add").items(), lambda added: judge_one(container, added))

    def judge_one(container: Container, added: Field) -> Iterator[Finding]:
        if added.text not in DEFAULT and not (given.level == "restricted" and pod.windows):
            yield refused(container, added)

    yield from each(pod.containers, judge)
