"""Containers get secrets from Secrets.

Looks at: `env`, `command` and `args` of all containers, init containers and ephemeral containers.
Allowed: what is no secret, by its looks or its name; `valueFrom`, `envFrom`, and references such as `$(DB_PASSWORD)`.
"""

from collections.abc import Iterator

from policies.judging import Container, Field, Finding, Given, Pod, Settings, Standard, Violation, each, of_pods
from policies.security.secrets.finding import in_argument, in_value
from policies.security.secrets.told import NSA, where


@of_pods(
    "Containers get secrets from Secrets.",
    severity="critical",
    fix="Put it into a Secret, and refer to that by `valueFrom.secretKeyRef` or mount it. Then change it: it has been read.",
    standards=(Standard("cis-kubernetes", ("5.4.1",), "1.9"), NSA, Standard("soc2", ("CC6.1",)), Standard("gdpr", ("Art. 32",))),
    tags=("secrets", "pods"),
    url="https://kubernetes.io/docs/concepts/configuration/secret/",
)
def plain_secrets(pod: Pod, _given: Given[Settings]) -> Iterator[Finding]:
    """Each variable and each argument for itself."""

    def judge(container: Container) -> Iterator[Finding]:
        yield from each(container.at("env").items(), lambda one: _variable(container, one))
        for part in ("command", "args"):
            yield from each(container.at(part).items(), lambda one: _argument(container, one))

    yield from each(pod.containers, judge)


def _variable(container: Container, variable: Field) -> Iterator[Finding]:
    for found in in_value(variable.at("name").text, variable.at("value").text):
        yield Violation(variable.at("value"), f"{container.shown} has {found.what} as plain text in a variable{where(found)}")


def _argument(container: Container, argument: Field) -> Iterator[Finding]:
    for found in in_argument(argument.text):
        yield Violation(argument, f"{container.shown} has {found.what} as plain text in its command line{where(found)}")
