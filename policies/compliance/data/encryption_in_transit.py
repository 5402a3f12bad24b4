"""Wherever data go, they are encrypted.

Looks at: `protocol`, `sslPolicy` and `defaultActions` of listeners of load balancers; `transitEncryptionEnabled` of caches; `tlsEnabled` of
MemoryDB; `domainEndpointOptions.enforceHttps` and `nodeToNodeEncryption.enabled` of search; `viewerProtocolPolicy` of CloudFront;
`encryptionInfo.encryptionInTransit.clientBroker` of Kafka; parameters of groups of databases that ask for TLS.
Allowed: HTTPS and TLS, of version 1.2 or newer; HTTP that only leads to HTTPS; encryption that is on; parameters that aren't off.
"""

import re
from collections.abc import Callable, Iterator

from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects

_LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
_GROUPS = (
    "aws:rds/parameterGroup:ParameterGroup",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "aws:redshift/parameterGroup:ParameterGroup",
    "aws:docdb/clusterParameterGroup:ClusterParameterGroup",
)
_CLOUDFRONT = "aws:cloudfront/distribution:Distribution"
_ASKING = frozenset({"rds.force_ssl", "require_secure_transport", "require_ssl", "tls"})
_OFF = frozenset({"0", "off", "false", "disabled"})
_NEW = re.compile(r"(TLS13-1|TLS-1|FS-1)-[23](-|$)")
"""In the names of policies: what they take at least. The one that holds where none is named takes everything."""
_ON: dict[str, tuple[tuple[tuple[str, ...], Callable[[Field], bool]], ...]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": ((("transitEncryptionEnabled",), lambda field: field.value is True),),
    "aws:memorydb/cluster:Cluster": ((("tlsEnabled",), lambda field: field.value is not False),),
    "aws:opensearch/domain:Domain": (
        (("domainEndpointOptions", "enforceHttps"), lambda field: field.value is True),
        (("nodeToNodeEncryption", "enabled"), lambda field: field.value is True),
    ),
    "aws:msk/cluster:Cluster": (
        (("encryptionInfo", "encryptionInTransit", "clientBroker"), lambda field: field.text in {"", "TLS"}),
        (("encryptionInfo", "encryptionInTransit", "inCluster"), lambda field: field.value is not False),
    ),
}


@of_objects(
    *_LISTENERS,
    *_GROUPS,
    _CLOUDFRONT,
    *_ON,
    title="Wherever data go, they are encrypted.",
    severity="high",
    fix="Turn TLS on; let HTTP only lead to HTTPS.",
    standards=(gdpr("32"), soc2("CC6.7")),
    tags=("aws", "data", "tls"),
    url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
)
def encryption_in_transit(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each kind says it in its own way."""
    if subject.type in _LISTENERS:
        yield from _listener(subject)
    elif subject.type in _GROUPS:
        yield from each(subject.at("parameters").items(), _parameter)
    elif subject.type == _CLOUDFRONT:
        behaviours = [subject.at("defaultCacheBehavior"), *subject.at("orderedCacheBehaviors").items()]
        yield from each((one.at("viewerProtocolPolicy") for one in behaviours), _viewers)
    else:
        for path, good in _ON[subject.type]:
            field = subject.at(*path)
            if not good(field):
                yield Violation(field, f"{field.path} of {subject.shown} isn't on")


def _listener(listener: Subject) -> Iterator[Finding]:
    protocol = listener.at("protocol")
    if protocol.text == "HTTP" and not _only_leads_on(listener):
        yield Violation(protocol, f"{listener.shown} takes plain HTTP")
    policy = listener.at("sslPolicy")
    if protocol.text in {"HTTPS", "TLS"} and not _NEW.search(policy.text):
        by = policy.text or "the policy that it has by itself"
        yield Violation(policy, f"{listener.shown} still takes versions of TLS before 1.2, by {by}")


def _only_leads_on(listener: Subject) -> bool:
    actions = list(listener.at("defaultActions").items())
    return bool(actions) and all(one.at("type").text == "redirect" and one.at("redirect", "protocol").text == "HTTPS" for one in actions)


def _parameter(parameter: Field) -> Iterator[Finding]:
    name, value = parameter.at("name").text, parameter.at("value")
    if name in _ASKING and str(value.value).lower() in _OFF:
        yield Violation(value, f"{parameter.subject.shown} turns {name} off")


def _viewers(policy: Field) -> Iterator[Finding]:
    if policy.text == "allow-all":
        yield Violation(policy, f"{policy.subject.shown} also answers plain HTTP")
