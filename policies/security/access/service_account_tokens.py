"""Pods have a token for the API server only if they ask for one, as somebody of their own.

Looks at: `automountServiceAccountToken` and `serviceAccountName` of pods, and `automountServiceAccountToken` of their ServiceAccounts.
Allowed: false, said by the pod or else by its account; or true, said by the pod, with an account that isn't the namespace's default one.
"""

from collections.abc import Iterator
from functools import partial

from policies.judging import Finding, Given, Pod, Settings, Stack, Standard, Subject, To, Violation, each, of_stack
from policies.security.namespaces import namespace_of

_DEFAULT = "default"


@of_stack(
    "Pods have a token for the API server only if they ask for one, as somebody of their own.",
    severity="medium",
    fix="Set `automountServiceAccountToken: false`; a pod that talks to the API server says `true` and names a service account of its own.",
    standards=(Standard("cis-kubernetes", ("5.1.5", "5.1.6"), "1.9"), Standard("nsa-kubernetes"), Standard("soc2", ("CC6.3",))),
    tags=("service-accounts", "pods"),
    url="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting",
)
def service_account_tokens(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """Each pod for itself, with its account if that is among what is asked for."""
    yield from each(stack.pods, partial(_judge, stack.of("ServiceAccount")))


def _judge(accounts: tuple[Subject, ...], pod: Pod) -> Iterator[Finding]:
    flag = pod.at("automountServiceAccountToken")
    name = pod.at("serviceAccountName").value or pod.at("serviceAccount").value or _DEFAULT
    if flag.value is True and name == _DEFAULT:
        yield Violation(flag, f"the pods of {pod.subject.shown} have a token of the namespace's default account", mended=To(False))
    elif flag.value is None and not any(_closed(one, pod, name) for one in accounts):
        yield Violation(flag, f"the pods of {pod.subject.shown} have a token for the API server without a word about it", mended=To(False))


def _closed(account: Subject, pod: Pod, name: str) -> bool:
    return (
        account.at("metadata", "name").value == name
        and namespace_of(account) == namespace_of(pod.subject)
        and account.at("automountServiceAccountToken").value is False
    )
