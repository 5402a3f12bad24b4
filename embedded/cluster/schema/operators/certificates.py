"""cert-manager's kinds: certificates, and who issues them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.schema.structural import AGE, BOOLEAN, INTEGER, OPEN, TIME, definition, list_of, map_of, struct, text

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

GROUP: Final = "cert-manager.io"
_TEXTS: Final = list_of(text())
_SUBJECT: Final = struct(
    serialNumber=text(),
    **dict.fromkeys(
        ("countries", "localities", "organizationalUnits", "organizations", "postalCodes", "provinces", "streetAddresses"), _TEXTS
    ),
)
_USAGES: Final = (
    *("signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment", "cert sign"),
    *("crl sign", "encipher only", "decipher only", "any", "server auth", "client auth", "code signing", "email protection", "s/mime"),
    *("ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc"),
)
_SIGNATURES: Final = (
    *("SHA256WithRSA", "SHA384WithRSA", "SHA512WithRSA", "ECDSAWithSHA256", "ECDSAWithSHA384", "ECDSAWithSHA512", "PureEd25519"),
)
_PASSWORD: Final = struct("name", name=text(), key=text())
_NAMES: Final = struct(dnsDomains=_TEXTS, emailAddresses=_TEXTS, ipRanges=_TEXTS, uriDomains=_TEXTS)
_CERTIFICATE: Final = struct(
    "issuerRef secretName",
    secretName=text(),
    issuerRef=struct("name", name=text(), kind=text(), group=text()),
    secretTemplate=struct(annotations=map_of(text()), labels=map_of(text())),
    commonName=text(),
    literalSubject=text(),
    subject=_SUBJECT,
    dnsNames=_TEXTS,
    emailAddresses=_TEXTS,
    ipAddresses=_TEXTS,
    uris=_TEXTS,
    otherNames=list_of(struct(oid=text(), utf8Value=text())),
    duration=text(),
    renewBefore=text(),
    renewBeforePercentage={"type": "integer", "format": "int32"},
    renewal=OPEN,
    isCA=BOOLEAN,
    usages=list_of(text(enum=_USAGES)),
    encodeUsagesInRequest=BOOLEAN,
    privateKey=struct(
        algorithm=text(enum=("RSA", "ECDSA", "Ed25519")),
        encoding=text(enum=("PKCS1", "PKCS8")),
        rotationPolicy=text(enum=("Never", "Always")),
        size=INTEGER,
    ),
    signatureAlgorithm=text(enum=_SIGNATURES),
    keystores=struct(
        jks=struct("create", create=BOOLEAN, alias=text(), password=text(), passwordSecretRef=_PASSWORD),
        pkcs12=struct("create", create=BOOLEAN, profile=text(), password=text(), passwordSecretRef=_PASSWORD),
    ),
    additionalOutputFormats=list_of(struct("type", type=text(enum=("DER", "CombinedPEM")))),
    nameConstraints=struct(critical=BOOLEAN, excluded=_NAMES, permitted=_NAMES),
    revisionHistoryLimit={"type": "integer", "format": "int32"},
)
_CONDITIONS: Final = list_of(
    struct(
        "status type",
        type=text(),
        status=text(enum=("True", "False", "Unknown")),
        reason=text(),
        message=text(),
        lastTransitionTime=TIME,
        observedGeneration={"type": "integer", "format": "int64"},
    ),
    "type",
)
_ISSUED: Final = struct(
    conditions=_CONDITIONS,
    notBefore=TIME,
    notAfter=TIME,
    renewalTime=TIME,
    revision=INTEGER,
    lastFailureTime=TIME,
    nextPrivateKeySecretName=text(),
    failedIssuanceAttempts=INTEGER,
)
_ACME: Final = struct(
    "privateKeySecretRef server",
    server=text(),
    privateKeySecretRef=_PASSWORD,
    email=text(),
    profile=text(),
    preferredChain=text(0, 64),
    caBundle={"type": "string", "format": "byte"},
    skipTLSVerify=BOOLEAN,
    disableAccountKeyGeneration=BOOLEAN,
    enableDurationFeature=BOOLEAN,
    externalAccountBinding=struct("keyID keySecretRef", keyID=text(), keySecretRef=_PASSWORD, keyAlgorithm=text()),
    renewalInformationSource=text(enum=("ARI", "None")),
    solvers=list_of(OPEN),
)
_ISSUER: Final = struct(
    acme=_ACME,
    ca=struct("secretName", secretName=text(), crlDistributionPoints=_TEXTS, issuingCertificateURLs=_TEXTS, ocspServers=_TEXTS),
    selfSigned=struct(crlDistributionPoints=_TEXTS),
    vault={**OPEN, "required": ["auth", "path", "server"]},
    venafi={**OPEN, "required": ["zone"]},
)
# The webhook wants an issuer to be of one sort.
_ISSUER_SPEC: Final = {**_ISSUER, "minProperties": 1, "maxProperties": 1}
_ISSUER_STATUS: Final = struct(conditions=_CONDITIONS, acme=struct(uri=text(), lastRegisteredEmail=text(), lastPrivateKeyHash=text()))
_READY: Final = ("Ready", '.status.conditions[?(@.type == "Ready")].status')


def definitions() -> list[Obj]:
    """The definitions of Certificate, Issuer and ClusterIssuer."""
    issuer = {"spec": _ISSUER_SPEC, "status": _ISSUER_STATUS}
    issued = {"spec": _CERTIFICATE, "status": _ISSUED}
    shown = (_READY, ("Secret", ".spec.secretName"), AGE)
    kinds = (
        ("Certificate", "certificates", ("cert", "certs"), issued, shown, "Namespaced"),
        ("Issuer", "issuers", ("iss",), issuer, (_READY, AGE), "Namespaced"),
        ("ClusterIssuer", "clusterissuers", ("ciss",), issuer, (_READY, AGE), "Cluster"),
    )
    return [
        definition(GROUP, kind, plural, parts, short=short, category="cert-manager", scope=scope, columns=columns)
        for kind, plural, short, parts, columns, scope in kinds
    ]
