"""The Prometheus operator's kinds: what is scraped, which rules hold, who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.structural import (
    BOOLEAN,
    INT_OR_STRING,
    INTEGER,
    OPEN,
    SELECTOR,
    TIME,
    definition,
    list_of,
    map_of,
    number,
    struct,
    text,
)

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.structural import Schema

GROUP: Final = "monitoring.coreos.com"
_WORD: Final = text(1)
_DURATION: Final = text(
    pattern="^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$",
)
_SOME_DURATION: Final = {**_DURATION, "minLength": 1}
_COUNT: Final = {"type": "integer", "format": "int64", "minimum": 0}
_PROXY: Final = text(pattern="^(http|https|socks5)://.+$")
_HTTP: Final = text(pattern="^https?://.+$")


def _texts(**more: Any) -> Schema:
    return {"type": "array", "items": text(), **more}


_KEY: Final = {**struct("key", key=text(), name=text(default=""), optional=BOOLEAN), "x-kubernetes-map-type": "atomic"}
_SECRET_OR_MAP: Final = struct(secret=_KEY, configMap=_KEY)
_PROXYING: Final[dict[str, Schema]] = {
    "noProxy": text(),
    "proxyUrl": _PROXY,
    "proxyFromEnvironment": BOOLEAN,
    "proxyConnectHeader": {**map_of({"type": "array", "items": _KEY}), "x-kubernetes-map-type": "atomic"},
}
_TLS_VERSION: Final = text(enum=("TLS10", "TLS11", "TLS12", "TLS13"))
_TLS: Final[dict[str, Schema]] = {
    "ca": _SECRET_OR_MAP,
    "cert": _SECRET_OR_MAP,
    "keySecret": _KEY,
    "insecureSkipVerify": BOOLEAN,
    "serverName": text(),
    "minVersion": _TLS_VERSION,
    "maxVersion": _TLS_VERSION,
}
_OAUTH: Final = struct(
    "clientId clientSecret tokenUrl",
    clientId=_SECRET_OR_MAP,
    clientSecret=_KEY,
    tokenUrl=text(pattern="^(http|https)://.+$"),
    scopes=_texts(),
    endpointParams=map_of(text()),
    tlsConfig=struct(**_TLS),
    **_PROXYING,
)
_ACCESS: Final[dict[str, Schema]] = {
    "authorization": struct(type=text(), credentials=_KEY),
    "basicAuth": struct(username=_KEY, password=_KEY),
    "bearerTokenSecret": _KEY,
    "oauth2": _OAUTH,
}
_ACTIONS: Final = (
    "replace",
    "keep",
    "drop",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
)
_PROPER: Final = (
    "Replace",
    "Keep",
    "Drop",
    "HashMod",
    "LabelMap",
    "LabelDrop",
    "LabelKeep",
    "Lowercase",
    "Uppercase",
    "KeepEqual",
    "DropEqual",
)
_RELABELINGS: Final = {
    "type": "array",
    "items": struct(
        sourceLabels=_texts(),
        separator=text(),
        regex=text(),
        modulus=_COUNT,
        targetLabel=text(),
        replacement=text(),
        action=text(enum=(*_ACTIONS, *_PROPER), default="replace"),
    ),
}
_ENDPOINT: Final[dict[str, Schema]] = {
    "port": text(),
    "targetPort": INT_OR_STRING,
    "path": text(),
    "scheme": text(enum=("http", "https", "HTTP", "HTTPS")),
    "params": map_of(_texts()),
    "interval": _DURATION,
    "scrapeTimeout": _DURATION,
    "honorLabels": BOOLEAN,
    "honorTimestamps": BOOLEAN,
    "trackTimestampsStaleness": BOOLEAN,
    "metricRelabelings": _RELABELINGS,
    "relabelings": _RELABELINGS,
    "followRedirects": BOOLEAN,
    "enableHttp2": BOOLEAN,
    "filterRunning": BOOLEAN,
    **_ACCESS,
    **_PROXYING,
}
_PROTOCOL: Final = text(
    enum=("PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0"),
)
_MONITOR: Final[dict[str, Schema]] = {
    "selector": SELECTOR,
    "namespaceSelector": struct(any=BOOLEAN, matchNames=_texts()),
    "selectorMechanism": text(enum=("RelabelConfig", "RoleSelector")),
    "jobLabel": text(),
    "podTargetLabels": _texts(),
    "sampleLimit": _COUNT,
    "targetLimit": _COUNT,
    "labelLimit": _COUNT,
    "labelNameLengthLimit": _COUNT,
    "labelValueLengthLimit": _COUNT,
    "keepDroppedTargets": _COUNT,
    "attachMetadata": struct(node=BOOLEAN),
    "scrapeClass": _WORD,
    "scrapeProtocols": {"type": "array", "items": _PROTOCOL, "x-kubernetes-list-type": "set"},
    "fallbackScrapeProtocol": _PROTOCOL,
    "scrapeClassicHistograms": BOOLEAN,
    "scrapeNativeHistograms": BOOLEAN,
    "nativeHistogramBucketLimit": _COUNT,
    "nativeHistogramMinBucketFactor": INT_OR_STRING,
    "convertClassicHistogramsToNHCB": BOOLEAN,
    "bodySizeLimit": text(pattern="(^0|([0-9]*[.])?[0-9]+((K|M|G|T|E|P)i?)?B)$"),
}
_SERVICE_MONITOR: Final = struct(
    "endpoints selector",
    endpoints={
        "type": "array",
        "items": struct(
            bearerTokenFile=text(),
            tlsConfig=struct(**_TLS, caFile=text(), certFile=text(), keyFile=text()),
            **_ENDPOINT,
        ),
    },
    targetLabels=_texts(),
    serviceDiscoveryRole=text(enum=("Endpoints", "EndpointSlice")),
    **_MONITOR,
)
_POD_MONITOR: Final = struct(
    "selector",
    podMetricsEndpoints={"type": "array", "items": struct(portNumber=number(1, 65535), tlsConfig=struct(**_TLS), **_ENDPOINT)},
    **_MONITOR,
)
# The operator's webhook wants each rule to be one or the other.
_RULE: Final = {
    **struct(
        "expr",
        alert=text(),
        record=text(),
        expr=INT_OR_STRING,
        **{"for": _DURATION},
        keep_firing_for=_SOME_DURATION,
        labels=map_of(text()),
        annotations=map_of(text()),
    ),
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
}
_RULES: Final = struct(
    groups=list_of(
        struct(
            "name",
            name=_WORD,
            interval=_DURATION,
            query_offset=_DURATION,
            limit=INTEGER,
            labels=map_of(text()),
            partial_response_strategy=text(enum=("", "abort", "warn", "ABORT", "WARN")),
            rules={"type": "array", "items": _RULE},
        ),
        "name",
    ),
)

_HTTP_CONFIG: Final = struct(
    followRedirects=BOOLEAN,
    enableHttp2=BOOLEAN,
    tlsConfig=struct(**_TLS),
    proxyURL=text(),
    authorization=_ACCESS["authorization"],
    basicAuth=_ACCESS["basicAuth"],
    bearerTokenSecret=_KEY,
    oauth2=_OAUTH,
    **_PROXYING,
)
_SENDING: Final[dict[str, Schema]] = {"sendResolved": BOOLEAN, "httpConfig": _HTTP_CONFIG}
_SLACK: Final = struct(
    apiURL=_KEY,
    timeout=_DURATION,
    **dict.fromkeys(("linkNames", "shortFields", "updateMessage"), BOOLEAN),
    **dict.fromkeys(
        ("callbackId", "channel", "color", "fallback", "footer", "iconEmoji", "messageText", "pretext", "text", "title", "username"), _WORD
    ),
    **dict.fromkeys(("iconURL", "imageURL", "thumbURL", "titleLink"), text()),
    mrkdwnIn=list_of(text(), minItems=1),
    actions=list_of(OPEN, minItems=1),
    fields=list_of(struct("title value", title=_WORD, value=_WORD, short=BOOLEAN), minItems=1),
    **_SENDING,
)
_PAGER_DUTY: Final = struct(
    routingKey=_KEY,
    serviceKey=_KEY,
    url=_HTTP,
    clientURL=text(),
    timeout=_DURATION,
    **dict.fromkeys(("client", "description", "severity", "class", "group", "component", "source"), _WORD),
    details=list_of(struct("key value", key=_WORD, value=text())),
    pagerDutyImageConfigs=list_of(OPEN),
    pagerDutyLinkConfigs=list_of(OPEN),
    **_SENDING,
)
_WEBHOOK: Final = struct(
    url=text(), urlSecret=_KEY, maxAlerts={"type": "integer", "format": "int32", "minimum": 0}, timeout=_DURATION, payload=_WORD, **_SENDING
)
# The others' settings are taken as they are.
_RECEIVERS: Final[dict[str, Schema]] = {
    "slackConfigs": list_of(_SLACK),
    "pagerdutyConfigs": list_of(_PAGER_DUTY),
    "webhookConfigs": list_of(_WEBHOOK),
    **{
        f"{name}Configs": list_of(OPEN)
        for name in (
            *("discord", "email", "msteams", "msteamsv2", "opsgenie", "pushover", "rocketchat", "sns", "telegram", "victorops", "webex"),
            "wechat",
        )
    },
}
_MATCHERS: Final = list_of(struct("name", name=_WORD, value=text(), matchType=text(enum=("!=", "=", "=~", "!~")), regex=BOOLEAN))
_SET: Final = _texts(**{"x-kubernetes-list-type": "set"})
_ALERTMANAGER: Final = struct(
    route=struct(
        receiver=text(),
        groupBy=_SET,
        groupWait=_SOME_DURATION,
        groupInterval=_SOME_DURATION,
        repeatInterval=_SOME_DURATION,
        matchers=_MATCHERS,
        muteTimeIntervals=_SET,
        activeTimeIntervals=_SET,
        routes=list_of({"x-kubernetes-preserve-unknown-fields": True}),
        **{"continue": BOOLEAN},
    ),
    receivers=list_of(struct("name", name=_WORD, **_RECEIVERS), "name"),
    inhibitRules=list_of(struct(sourceMatch=_MATCHERS, targetMatch=_MATCHERS, equal=list_of(text()))),
    muteTimeIntervals=list_of(struct("name", name=_WORD, timeIntervals=list_of(OPEN))),
)
_STATUS: Final = struct(
    bindings=list_of(
        struct(
            "group resource name namespace",
            group=text(enum=(GROUP,)),
            resource=text(enum=("prometheuses", "prometheusagents", "thanosrulers", "alertmanagers")),
            name=_WORD,
            namespace=_WORD,
            conditions=list_of(
                struct(
                    "type status lastTransitionTime",
                    type=_WORD,
                    status=_WORD,
                    lastTransitionTime=TIME,
                    reason=text(),
                    message=text(),
                    observedGeneration={"type": "integer", "format": "int64"},
                ),
                "type",
            ),
        ),
        "group resource name namespace",
    ),
)


def definitions() -> list[Obj]:
    """The definitions of ServiceMonitor, PodMonitor, PrometheusRule and AlertmanagerConfig."""
    kinds = (
        ("ServiceMonitor", "servicemonitors", "smon", _SERVICE_MONITOR, "v1"),
        ("PodMonitor", "podmonitors", "pmon", _POD_MONITOR, "v1"),
        ("PrometheusRule", "prometheusrules", "promrule", _RULES, "v1"),
        ("AlertmanagerConfig", "alertmanagerconfigs", "amcfg", _ALERTMANAGER, "v1alpha1"),
    )
    return [
        definition(
            GROUP, kind, plural, {"spec": spec, "status": _STATUS}, short=(short,), category="prometheus-operator", versions=(version,)
        )
        for kind, plural, short, spec, version in kinds
    ]
