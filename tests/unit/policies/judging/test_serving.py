"""A pack as the engine speaks with it: over Pulumi's own messages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2

from policies.judging import of_update
from policies.judging.serving import Analyzer
from tests.unit.policies.judging.examples import PACK
from tests.unit.policies.wrapping import pod, wrapped
from tidegate.policing import packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

    from policies.judging import Finding, Given, Settings, Stack
    from policies.judging.rulebook import Pack

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CONTEXT: Any = None


class Aborted(Exception):  # noqa: N818 - what gRPC calls it
    """The call is refused."""


class Context:
    """As much of a call's context as a refusal takes."""

    def abort(self, code: grpc.StatusCode, text: str) -> None:
        raise Aborted(code, text)


def analyzer(pack: Pack = PACK, **config: Any) -> Analyzer:
    """The pack, on a stack with this configuration."""
    found = Analyzer(pack)
    texts = {f"tidegate:{key}": json.dumps(value) for key, value in config.items()}
    found.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="s", project="p", config=texts), Context())
    return found


def asked(properties: dict[str, Any], kind: str = "kubernetes:apps/v1:Deployment", **more: Any) -> Any:
    """A resource, as the engine sends it."""
    request = analyzer_pb2.AnalyzeRequest(type=kind, urn="urn:web", name="web", **more)
    json_format.ParseDict(properties, request.properties)
    return request


BAD = wrapped("Deployment", pod(securityContext={"privileged": True}))


def test_a_violation_is_told() -> None:
    """With its level, its severity, and all that people need."""
    (found,) = analyzer().Analyze(asked(BAD), CONTEXT).diagnostics
    assert (found.policyName, found.policyPackName, found.enforcementLevel) == ("privileged", "test", analyzer_pb2.MANDATORY)
    assert found.severity == analyzer_pb2.POLICY_SEVERITY_CRITICAL
    path = "spec.template.spec.containers[0].securityContext.privileged"
    assert found.message == f"Containers aren't privileged.\ncontainer 'app' is privileged ({path}). Leave it out."


def test_the_stacks_own_configuration_says_how_strictly() -> None:
    """Levels are told to the engine as they are here; a file of CrossGuard's comes on top."""
    found = analyzer(policies={"enforcement": {"all": "advisory"}, "settings": {"test/little-data": {"most": 7}}})
    info = found.GetAnalyzerInfo(None, CONTEXT)
    assert {one.enforcementLevel for one in info.policies} == {analyzer_pb2.ADVISORY}
    settings = next(one for one in info.policies if one.name == "little-data").configSchema
    assert json_format.MessageToDict(settings.properties)["most"] == {"type": "integer", "default": 7}
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    request.policyConfig["privileged"].enforcementLevel = analyzer_pb2.MANDATORY
    found.Configure(request, Context())
    assert [one.enforcementLevel for one in found.Analyze(asked(BAD), CONTEXT).diagnostics] == [analyzer_pb2.MANDATORY]


def test_metadata_goes_along() -> None:
    """Framework, controls, tags, what to do, and where to read on."""
    info = next(one for one in analyzer().GetAnalyzerInfo(None, CONTEXT).policies if one.name == "privileged")
    assert (info.framework.name, info.url, info.remediation_steps) == (
        "pod-security/baseline",
        "https://example.com/privileged",
        "Leave it out.",
    )
    assert list(info.tags) == ["pods", "pod-security/baseline", "cis-kubernetes:5.2.2"]
    kinds = {one.name: one.policy_type for one in analyzer().GetAnalyzerInfo(None, CONTEXT).policies}
    assert kinds["config-there"] == analyzer_pb2.POLICY_TYPE_STACK


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ({"enforcement": {"test/nothing": "advisory"}}, "no policy test/nothing"),
        ({"enforcement": {"test": "strict"}}, "tidegate:policies: enforcement"),
        ({"exemptions": [{"policy": "test/*"}]}, "exemptions"),
    ],
)
def test_a_wrong_configuration_is_refused(policies: dict[str, Any], message: str) -> None:
    """With what is wrong: nothing is judged by half of it."""
    with pytest.raises(Aborted, match=message):
        analyzer(policies=policies)


def test_unknown_values_and_secrets() -> None:
    """A doubt is advisory; a secret is in no message."""
    unknown = wrapped("Deployment", pod(securityContext={"privileged": UNKNOWN}))
    (found,) = analyzer().Analyze(asked(unknown), CONTEXT).diagnostics
    assert found.enforcementLevel == analyzer_pb2.ADVISORY
    assert "will be checked on up" in found.message
    data = {"kind": "ConfigMap", "data": dict.fromkeys("abcd", SECRET)}
    (found,) = analyzer().Analyze(asked(data, "kubernetes:core/v1:ConfigMap"), CONTEXT).diagnostics
    assert "hunter2" not in found.message


def test_what_is_not_asked_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    """The update itself isn't told to packs: one that is silent about it would pass for one that has looked."""

    @of_update("Nothing goes.", severity="high", fix="Keep it.")
    def nothing_goes(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - a policy's signature
        yield from ()

    def said(pack: Pack, **config: Any) -> str:
        served = analyzer(pack, **config)
        for _ in range(2):
            served.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), CONTEXT)
        return capfd.readouterr().err

    pack = replace(PACK, policies=(*PACK.policies, nothing_goes))
    text = said(pack)
    assert text.startswith("test: nothing-goes isn't judged by the pack")
    assert "`tidegate policies run`" in text
    assert text.count("\n") == 1
    assert said(pack, policies={"enforcement": {"test/nothing-goes": "disabled"}}) == ""
    assert said(PACK) == ""
    assert said(packs.pack("release")).startswith("release: one-slot, kept-data, protected-resources and update-size aren't judged")


def test_the_providers_namespace_counts() -> None:
    """For what names none of its own."""
    provider = analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:kubernetes", urn="urn:p", name="p")
    json_format.ParseDict({"namespace": "shop"}, provider.properties)
    bare = {**BAD, "metadata": {"name": "web"}}
    exempt = {"policy": "test/*", "objects": ["shop/Deployment/web"], "owner": "a", "reason": "b", "until": "2999-01-01"}
    (found,) = analyzer(policies={"exemptions": [exempt]}).Analyze(asked(bare, provider=provider), CONTEXT).diagnostics
    assert found.enforcementLevel == analyzer_pb2.ADVISORY


@pytest.mark.parametrize("level", ["remediate", "mandatory"])
def test_remediation_changes_only_what_is_wrong(level: str) -> None:
    """Secrets stay secret, what isn't known stays so; and only where it is wanted."""
    spec = pod(securityContext={"privileged": True}, env=[{"name": "A", "value": SECRET}, {"name": "B", "value": UNKNOWN}])
    answer = analyzer(policies={"enforcement": {"test/privileged": level}}).Remediate(asked(wrapped("Deployment", spec)), CONTEXT)
    if level == "mandatory":
        assert not answer.remediations
        return
    (made,) = answer.remediations
    (container,) = json_format.MessageToDict(made.properties)["spec"]["template"]["spec"]["containers"]
    assert container == {**spec["containers"][0], "securityContext": {"privileged": False}}


def test_remediation_takes_away_and_spares_the_exempt() -> None:
    """What is to be nothing is gone."""
    data = {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": dict.fromkeys("abcd", "")}
    told: dict[str, Any] = {"enforcement": {"test/little-data": "remediate"}}
    request = asked(data, "kubernetes:core/v1:ConfigMap")
    (made,) = analyzer(policies=told).Remediate(request, CONTEXT).remediations
    assert json_format.MessageToDict(made.properties) == {"kind": "ConfigMap", "metadata": {"name": "x"}}
    told["exemptions"] = [{"policy": "test/*", "objects": ["ConfigMap/x"], "owner": "a", "reason": "b", "until": "2999-01-01"}]
    assert not analyzer(policies=told).Remediate(asked(data, "kubernetes:core/v1:ConfigMap"), CONTEXT).remediations


def test_the_stack_is_judged_as_a_whole() -> None:
    """Once, and each violation names what it is about."""
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[analyzer_pb2.AnalyzerResource(type="pulumi:pulumi:Stack", urn="urn:root", name="s")],
    )
    (found,) = analyzer().AnalyzeStack(request, CONTEXT).diagnostics
    assert (found.policyName, found.urn) == ("config-there", "urn:root")
