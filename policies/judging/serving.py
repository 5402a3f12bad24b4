"""A pack at work in Pulumi: it answers the engine's Analyzer protocol.

Pulumi's own library for packs converts all properties of a resource once for each policy. With some hundred policies that takes longer
than everything else in an update; here they are converted once, and only the policies are asked that look at such a resource.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections import Counter
from concurrent import futures
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2
from pydantic import ValidationError

from policies.judging.declaring import schema
from policies.judging.rulebook import Rulebook
from policies.judging.stacks import Stack
from policies.judging.subjects import of_resource
from policies.judging.wire import Reading, changed
from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.policies import UNASKED, Policies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policies.judging.declaring import Policy
    from policies.judging.rulebook import Pack, Rule, Ruling
    from policies.judging.subjects import Subject

_LEVELS: Final[dict[str, Any]] = {
    "advisory": analyzer_pb2.ADVISORY,
    "mandatory": analyzer_pb2.MANDATORY,
    "remediate": analyzer_pb2.REMEDIATE,
    "disabled": analyzer_pb2.DISABLED,
}
_NAMES: Final[dict[int, Any]] = {number: name for name, number in _LEVELS.items()}
_SEVERITIES: Final[dict[str, Any]] = {
    "low": analyzer_pb2.POLICY_SEVERITY_LOW,
    "medium": analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    "high": analyzer_pb2.POLICY_SEVERITY_HIGH,
    "critical": analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}
_WHOLE: Final = frozenset({"stack", "update"})
_MOST_BYTES: Final = 400 * 2**20
_THREADS: Final = 4
_POLICIES: Final = "tidegate:policies"
_ENVIRONMENT: Final = "tidegate:environment"
# Pulumi takes the version from PulumiPolicy.yaml; this one is told where there is none.
_VERSION: Final = "0.0.1"


def serve(pack: Pack) -> None:
    """Answer the engine until it ends this process."""
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=[("grpc.max_receive_message_length", _MOST_BYTES)])
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(pack), server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    ended.wait()
    server.stop(None)


def _refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    """A wrong configuration is told as such."""

    def called(self: Analyzer, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    return called


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """A pack, as the engine speaks with it."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._rules = Rulebook.of([pack])
        self._noted = False

    @_refusing
    def ConfigureStack(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """What the stack's own configuration says of policies."""
        told = _told(request.config[_POLICIES]) if _POLICIES in request.config else None
        place = json.loads(request.config.get(_ENVIRONMENT) or "{}")
        environment = place.get("tier") if isinstance(place, dict) else None
        self._rules = Rulebook.of([self._pack], told, environment or "production")
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    @_refusing
    def Configure(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """What a file given by --policy-pack-config says, on top of that."""
        levels = {name: _NAMES[config.enforcementLevel] for name, config in request.policyConfig.items()}
        settings = {name: _plain(config.properties) for name, config in request.policyConfig.items() if config.properties.fields}
        self._rules = self._rules.set_to(levels, settings)
        return empty_pb2.Empty()

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """The pack, with each policy and its level here."""
        policies = [_info(rule) for rule in self._rules.rules]
        return analyzer_pb2.AnalyzerInfo(
            name=self._pack.name, displayName=self._pack.title, version=_VERSION, supportsConfig=True, policies=policies
        )

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """The version."""
        return plugin_pb2.PluginInfo(version=_VERSION)

    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """What is said against a resource, before it is touched."""
        rulings = _gathered(self._rules.judge(_subject(request)))
        return analyzer_pb2.AnalyzeResponse(diagnostics=[self._told(ruling) for ruling in rulings])

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """What is said against the stack as a whole."""
        self._note()
        if not any(rule.policy.scope == "stack" for rule in self._rules.rules):
            return analyzer_pb2.AnalyzeResponse()
        rulings = self._rules.judge_stack(Stack(tuple(map(_subject, request.resources))))
        return analyzer_pb2.AnalyzeResponse(diagnostics=[self._told(ruling, ruling.subject.urn) for ruling in rulings])

    def Remediate(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """A resource as policies that may mend it would have it, each going on from the one before."""
        found: list[Any] = []
        subject = _subject(request)
        for rule in self._rules.mending(subject):
            rulings = self._rules.mends(rule, subject)
            if not rulings:
                continue
            properties = json_format.MessageToDict(request.properties)
            # What goes from a list goes from its end, so that places stay what they were.
            for ruling in sorted(rulings, key=lambda one: [str(step).rjust(8) for step in one.steps], reverse=True):
                assert ruling.mended is not None  # noqa: S101 - `mends` gives no others
                properties = changed(properties, ruling.steps, ruling.mended)
            request.properties.Clear()
            json_format.ParseDict(properties, request.properties)
            subject = _subject(request)
            found.append(
                analyzer_pb2.Remediation(
                    policyName=rule.policy.name,
                    policyPackName=self._pack.name,
                    policyPackVersion=_VERSION,
                    description=rule.policy.title,
                    properties=request.properties,
                )
            )
        return analyzer_pb2.RemediateResponse(remediations=found)

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Nothing of the engine's is needed."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Nothing takes long enough to be given up."""
        return empty_pb2.Empty()

    def _note(self) -> None:
        """Say once what isn't judged here: a pack that is silent would pass for one that has looked."""
        unasked = [rule.policy.name for rule in self._rules.rules if rule.policy.scope == "update" and rule.level != "disabled"]
        if unasked and not self._noted:
            self._noted = True
            # A line of the log, and no violation: whoever does ask them, as releases do, leaves it out.
            sys.stderr.write(f"{self._pack.name}: {_listed(unasked)} {UNASKED}\n")
            sys.stderr.flush()

    def _told(self, ruling: Ruling, urn: str = "") -> Any:
        policy = ruling.rule.policy
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=policy.name,
            policyPackName=self._pack.name,
            policyPackVersion=_VERSION,
            description=policy.title,
            message=f"{policy.title}\n{ruling.text}",
            enforcementLevel=_LEVELS[ruling.level],
            urn=urn,
            severity=_SEVERITIES[policy.severity],
        )


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} aren't" if others else f"{last} isn't"


def _gathered(rulings: list[Ruling]) -> list[Ruling]:
    """The same, with what isn't known told once, however many policies ask for it."""
    others: Counter[str] = Counter(one.path for one in rulings if one.kind == "doubt")
    first: set[str] = set()
    found: list[Ruling] = []
    for one in rulings:
        if one.kind != "doubt":
            found.append(one)
        elif one.path not in first:
            first.add(one.path)
            count = others[one.path] - 1
            more = f", by this and {count} other polic{'ies' if count > 1 else 'y'}" if count else ""
            found.append(replace(one, reason=one.reason + more))
    return found


def _told(text: str) -> Policies:
    try:
        return Policies.model_validate_json(text)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False, include_url=False)]
        raise ConfigurationError(f"{_POLICIES}: {'; '.join(wrong)}") from None


def _info(rule: Rule) -> Any:
    policy = rule.policy
    info = analyzer_pb2.PolicyInfo(
        name=policy.name,
        displayName=policy.title,
        description=policy.title,
        message=policy.fix,
        enforcementLevel=_LEVELS[rule.level],
        severity=_SEVERITIES[policy.severity],
        tags=[*policy.tags, *_controls(policy)],
        remediation_steps=policy.fix,
        url=policy.url,
        policy_type=analyzer_pb2.POLICY_TYPE_STACK if policy.scope in _WHOLE else analyzer_pb2.POLICY_TYPE_RESOURCE,
    )
    if policy.standards:
        # Pulumi has room for one; all of them are among the tags.
        first = policy.standards[0]
        info.framework.name, info.framework.version = first.framework, first.version
        info.framework.specification = ", ".join(first.controls)
    told = rule.given.settings.model_dump(mode="json")
    info.configSchema.properties.update({name: {**one, "default": told[name]} for name, one in schema(policy).items()})
    return info


def _controls(policy: Policy) -> list[str]:
    return [f"{one.framework}:{control}" if control else one.framework for one in policy.standards for control in one.controls or ("",)]


def _subject(resource: Any) -> Subject:
    reading = Reading()
    values = reading.struct(resource.properties)
    # Kubernetes' provider puts an object that names no namespace into its own.
    namespace = resource.provider.properties.fields["namespace"].string_value if _has_namespace(resource) else ""
    return of_resource(
        resource.type,
        values,
        label=resource.name,
        urn=resource.urn,
        protected=resource.options.protect,
        parent=resource.options.parent,
        marked=reading.marked,
        namespace=namespace,
        made_of=_made_of(resource),
    )


def _made_of(resource: Any) -> dict[str, tuple[str, ...]] | None:
    """Told with the whole stack only."""
    if not isinstance(resource, analyzer_pb2.AnalyzerResource):
        return None
    return {name: tuple(found.urns) for name, found in resource.propertyDependencies.items()}


def _has_namespace(resource: Any) -> bool:
    return resource.type.startswith("kubernetes:") and resource.HasField("provider") and "namespace" in resource.provider.properties.fields


def _plain(struct: Any) -> Mapping[str, Any]:
    return Reading().struct(struct)
