"""External Secrets' kinds: which Secrets are made, and from which stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.schema.structural import AGE, BOOLEAN, INT_OR_STRING, OPEN, SELECTOR, TIME, definition, list_of, map_of, struct, text

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.structural import Schema

GROUP: Final = "external-secrets.io"
_CATEGORY: Final = "external-secrets"
# The newer one is the one that controllers speak; operators before 0.16 knew the other alone.
_VERSIONS: Final = ("v1", "v1beta1")
_NAME: Final = text(1, 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_KEY: Final = text(1, 253, "^[-._a-zA-Z0-9]+$")
_STORE: Final[dict[str, Schema]] = {"name": _NAME, "kind": text(enum=("SecretStore", "ClusterSecretStore"))}
_DECODING: Final[dict[str, Schema]] = {
    "conversionStrategy": text(enum=("Default", "Unicode")),
    "decodingStrategy": text(enum=("Auto", "Base64", "Base64URL", "None")),
    "nullBytePolicy": text(enum=("Ignore", "Fail")),
}
_REMOTE: Final = struct(
    "key",
    key=text(),
    property=text(),
    version=text(),
    metadataPolicy=text(enum=("None", "Fetch")),
    **_DECODING,
)
_GENERATOR: Final = struct("kind name", apiVersion=text(default="generators.external-secrets.io/v1alpha1"), kind=text(1), name=_NAME)
_SOURCE: Final = {**struct(storeRef=struct(**_STORE), generatorRef=_GENERATOR), "minProperties": 1, "maxProperties": 1}
_REWRITE: Final = {
    **struct(regexp=struct("source target", source=text(), target=text()), transform=struct("template", template=text()), merge=OPEN),
    "minProperties": 1,
    "maxProperties": 1,
}
_FIND: Final = struct(path=text(), name=struct(regexp=text()), tags=map_of(text()), **_DECODING)
_TEMPLATES: Final = struct(
    "name items", name=_NAME, items=list_of(struct("key", key=_KEY, templateAs=text(enum=("Values", "KeysAndValues"), default="Values")))
)
_TEMPLATE: Final = struct(
    type=text(),
    engineVersion=text(enum=("v2",), default="v2"),
    mergePolicy=text(enum=("Replace", "Merge"), default="Replace"),
    metadata=struct(annotations=map_of(text()), labels=map_of(text()), finalizers=list_of(text())),
    data=map_of(text()),
    templateFrom=list_of(
        struct(configMap=_TEMPLATES, secret=_TEMPLATES, literal=text(), target=text(default="Data"), valuesDecodingStrategy=text())
    ),
)
_TARGET: Final = {
    **struct(
        name=_NAME,
        creationPolicy=text(enum=("Owner", "Orphan", "Merge", "None", "CreateOrMerge"), default="Owner"),
        deletionPolicy=text(enum=("Delete", "Merge", "Retain"), default="Retain"),
        immutable=BOOLEAN,
        template=_TEMPLATE,
    ),
    "default": {"creationPolicy": "Owner", "deletionPolicy": "Retain"},
}
# Without a store there is nothing to take values from, and the operator's webhook wants some to be asked for.
_EXTERNAL_SECRET: Final = {
    **struct(
        "secretStoreRef",
        secretStoreRef=struct("name", **_STORE),
        target=_TARGET,
        data=list_of(struct("secretKey remoteRef", secretKey=_KEY, remoteRef=_REMOTE, sourceRef=_SOURCE)),
        dataFrom=list_of(struct(extract=_REMOTE, find=_FIND, rewrite=list_of(_REWRITE), sourceRef=_SOURCE)),
        refreshInterval=text(default="1h0m0s"),
        refreshPolicy=text(enum=("CreatedOnce", "Periodic", "OnChange")),
        syncWindows=OPEN,
    ),
    "anyOf": [{"required": ["data"]}, {"required": ["dataFrom"]}],
}


def _conditions(*types: str) -> Schema:
    parts = {"type": text(enum=types), "status": text(), "reason": text(), "message": text(), "lastTransitionTime": TIME}
    return list_of(struct("type status", **parts))


_SYNCED: Final = struct(
    refreshTime=TIME,
    syncedResourceVersion=text(),
    conditions=_conditions("Ready", "Deleted"),
    binding={**struct(name=text(default="")), "x-kubernetes-map-type": "atomic"},
)
# Each provider has settings of its own, which are taken as they are.
_STORE_SPEC: Final = struct(
    "provider",
    provider={**OPEN, "minProperties": 1, "maxProperties": 1},
    controller=text(),
    refreshInterval=INT_OR_STRING,
    retrySettings=struct(maxRetries={"type": "integer", "format": "int32"}, retryInterval=text()),
    conditions=list_of(struct(namespaceSelector=SELECTOR, namespaces=list_of(text()), namespaceRegexes=list_of(text()))),
)
_STORE_STATUS: Final = struct(capabilities=text(), conditions=_conditions("Ready"))
_READY: Final = '.status.conditions[?(@.type=="Ready")]'
_STORE_COLUMNS: Final = (AGE, ("Status", f"{_READY}.reason"), ("Capabilities", ".status.capabilities"), ("Ready", f"{_READY}.status"))
_COLUMNS: Final = (
    ("StoreType", ".spec.secretStoreRef.kind"),
    ("Store", ".spec.secretStoreRef.name"),
    ("Refresh Interval", ".spec.refreshInterval"),
    ("Status", f"{_READY}.reason"),
    ("Ready", f"{_READY}.status"),
    ("Last Sync", ".status.refreshTime"),
)


def definitions() -> list[Obj]:
    """The definitions of ExternalSecret, SecretStore and ClusterSecretStore."""
    store = {"spec": _STORE_SPEC, "status": _STORE_STATUS}
    secret = {"spec": _EXTERNAL_SECRET, "status": _SYNCED}
    kinds = (
        ("ExternalSecret", "externalsecrets", "es", secret, _COLUMNS, "Namespaced"),
        ("SecretStore", "secretstores", "ss", store, _STORE_COLUMNS, "Namespaced"),
        ("ClusterSecretStore", "clustersecretstores", "css", store, _STORE_COLUMNS, "Cluster"),
    )
    return [
        definition(GROUP, kind, plural, parts, short=(short,), category=_CATEGORY, versions=_VERSIONS, scope=scope, columns=columns)
        for kind, plural, short, parts, columns, scope in kinds
    ]
