"""Containers give up all capabilities, and take back at most the one to listen at low ports.

Looks at: `securityContext.capabilities.drop` and `.add` of all containers, init containers and ephemeral containers; `os.name`.
Allowed: `drop` has ALL; `add` has NET_BIND_SERVICE or nothing. Pods of Windows (`os.name: windows`) aren't asked.
What baseline refuses already is said by added_capabilities.py.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.added_capabilities import DEFAULT, refused
from policies.security.pods.frame import RESTRICTED, URL, cis

ALL: Final = "ALL"
TAKEN_BACK: Final = "NET_BIND_SERVICE"


@of_pods(
    "Containers give up all capabilities.",
    severity="medium",
    fix='Set `securityContext.capabilities.drop` to ["ALL"], and add nothing but NET_BIND_SERVICE.',
    standards=(RESTRICTED, cis("5.2.10")),
    tags=("pods", "capabilities"),
    url=f"{URL}#restricted",
)
def dropped_capabilities(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """What each container keeps, then what it adds."""
    yield from each(pod.containers, _judge_dropped)
    yield from each(pod.containers, _judge_all_added)


def _judge_dropped(container: Container) -> Iterator[Finding]:
    dropped = container.at("securityContext", "capabilities", "drop")
    # Those that are known first: where one of them is ALL, the others don't matter.
    names = sorted(dropped.items(), key=lambda one: one.known, reverse=True)
    if all(one.text != ALL for one in names) and not container.pod.windows:
        fix = f'Set `{dropped.path}` to ["{ALL}"].'
        yield Violation(dropped, f"{container.shown} doesn't give up all capabilities", fix, To([ALL]))


def _judge_all_added(container: Container) -> Iterator[Finding]:
    added = container.at("securityContext", "capabilities", "add")
    yield from each(added.items(), lambda one: _judge_added(container, one))


def _judge_added(container: Container, added: Field) -> Iterator[Finding]:
    if added.text in DEFAULT - {TAKEN_BACK} and not container.pod.windows:
        yield refused(container, added)
