"""cert-manager: the Secrets of Certificates, and Certificates for Ingresses that ask for them.

Nothing is signed: a pair has the form of one, and says for whom it is. Every issuer is there, declared or not, but those named `missing`.
"""

from __future__ import annotations

import base64
import textwrap
from functools import partial
from typing import TYPE_CHECKING, Final

from embedded.cluster.behaviour import duration
from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import CERTIFICATE, CLUSTER_ISSUER, INGRESS, ISSUER, SECRET
from embedded.cluster.controllers.times import seconds_of, stamp_of
from embedded.cluster.model.objects import (
    annotations_of,
    condition,
    controller_of,
    is_deleting,
    labels_of,
    meta_of,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

MANAGER: Final = "cert-manager"
MISSING: Final = "missing"
_GROUP: Final = "cert-manager.io"
_TYPE: Final = "kubernetes.io/tls"
_KEYS: Final = ("tls.crt", "tls.key")
# What an order takes; a real one of ACME takes longer.
_DELAY: Final = 1.0
_LIFE: Final = "2160h"
_USAGES: Final = ["digital signature", "key encipherment"]
# An issuer's sort, and in which words it is ready.
_SORTS: Final = {
    "acme": ("ACMEAccountRegistered", "The ACME account was registered with the ACME server"),
    "ca": ("KeyPairVerified", "Signing CA verified"),
    "vault": ("VaultVerified", "Vault verified"),
    "venafi": ("VenafiVerified", "Venafi verified"),
}


class Issuers(Controller):
    """Says that an Issuer can be used."""

    kind = ISSUER

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the verdict."""
        issuer = self.world.get(self.kind, namespace, name)
        if issuer is None or is_deleting(issuer):
            return
        reason, message = next((words for sort, words in _SORTS.items() if sort in issuer["spec"]), ("IsReady", ""))
        if name == MISSING:
            reason, message = "ErrInitIssuer", "Error initializing issuer: not found"
        status = issuer.get("status") or {}
        held = _put(self.world, issuer, status.get("conditions") or [], "Ready", reason, message, holds=name != MISSING)
        self.world.set_status(self.kind, issuer, status | {"conditions": held}, manager=MANAGER)


class ClusterIssuers(Issuers):
    """The same for those of all namespaces."""

    kind = CLUSTER_ISSUER


class Certificates(Controller):
    """Issues each Certificate's pair, and renews it when two thirds of its time are over."""

    kind = CERTIFICATE

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._orders: dict[str, float] = {}
        world.on(SECRET, self._secret_changed)

    def _secret_changed(self, change: Change) -> None:
        name = annotations_of(change.obj).get(f"{_GROUP}/certificate-name")
        if name:
            self.enqueue(change.namespace, name)

    def reconcile(self, namespace: str, name: str) -> None:
        """Order a pair, or say that the one there is good."""
        certificate = self.world.get(CERTIFICATE, namespace, name)
        if certificate is None or is_deleting(certificate):
            return
        now = self.world.clock.now()
        secret = self.world.get(SECRET, namespace, certificate["spec"]["secretName"])
        renewal = seconds_of((certificate.get("status") or {}).get("renewalTime"))
        why = _unfit(certificate, secret)
        if not why and renewal is not None and renewal > now:
            self.enqueue_after(renewal - now, namespace, name)
            return
        issuer = certificate["spec"]["issuerRef"]
        kind = issuer.get("kind", ISSUER.kind)
        if issuer["name"] == MISSING:
            self._wait(certificate, why)
            message = f'Referenced "{kind}" not found: {kind.lower()}.{_GROUP} "{MISSING}" not found'
            if condition(certificate, "Ready") is None:
                self.world.events.warning(certificate, "IssuerNotFound", message, source=MANAGER)
            return
        wait = self._orders.setdefault(uid_of(certificate), now) + _DELAY - now
        if wait > 0:
            self._wait(certificate, why)
            self.enqueue_after(wait, namespace, name)
            return
        self._orders.pop(uid_of(certificate))
        self._issue(certificate, secret, now)

    def _wait(self, certificate: Obj, why: str) -> None:
        status = certificate.get("status") or {}
        reason = "DoesNotExist" if "does not exist" in why else "Renewing" if not why else "SecretMismatch"
        text = why or "Renewing certificate as renewal was scheduled"
        held: list[Obj] = status.get("conditions") or []
        held = _put(self.world, certificate, held, "Issuing", reason, text, holds=True)
        if why:
            held = _put(self.world, certificate, held, "Ready", reason, text, holds=False)
        self.world.set_status(CERTIFICATE, certificate, status | {"conditions": held}, manager=MANAGER)

    def _issue(self, certificate: Obj, secret: Obj | None, now: float) -> None:
        status = certificate.get("status") or {}
        revision = int(status.get("revision", 0)) + 1
        wanted = _secret(certificate, revision)
        if secret is None:
            self.world.create(SECRET, wanted, manager=MANAGER)
        else:
            self.world.change(SECRET, secret, lambda fresh: _renewed(fresh, wanted), manager=MANAGER)
        life = _seconds(certificate["spec"].get("duration"), duration(_LIFE))
        renewal = life - _seconds(certificate["spec"].get("renewBefore"), life / 3)
        held = [c for c in status.get("conditions") or [] if c["type"] != "Issuing"]
        held = _put(self.world, certificate, held, "Ready", "Ready", "Certificate is up to date and has not expired", holds=True)
        times = {"notBefore": stamp_of(now), "notAfter": stamp_of(now + life), "renewalTime": stamp_of(now + renewal)}
        self.world.set_status(CERTIFICATE, certificate, {"conditions": held, "revision": revision, **times}, manager=MANAGER)
        self.world.events.normal(certificate, "Issuing", "The certificate has been successfully issued", source=MANAGER)


class IngressCertificates(Controller):
    """Makes a Certificate for each `tls` of an Ingress that names an issuer."""

    kind = INGRESS

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(CERTIFICATE, self.dependent_changed)

    def reconcile(self, namespace: str, name: str) -> None:
        """Make them, change them, remove them."""
        ingress = self.world.get(INGRESS, namespace, name)
        if ingress is None or is_deleting(ingress):
            return
        wanted = {spec["secretName"]: spec for spec in _specs(ingress)}
        for old in self.world.controlled(CERTIFICATE, ingress):
            if name_of(old) not in wanted:
                self.world.delete(CERTIFICATE, old)
        for secret, spec in wanted.items():
            found = self.world.get(CERTIFICATE, namespace, secret)
            if found is None:
                metadata = {"name": secret, "namespace": namespace, "labels": labels_of(ingress)}
                metadata["ownerReferences"] = [owner_reference(ingress)]
                self.world.create(CERTIFICATE, {"metadata": metadata, "spec": spec}, manager=MANAGER)
                self.world.events.normal(ingress, "CreateCertificate", f'Successfully created Certificate "{secret}"', source=MANAGER)
            elif (controller_of(found) or {}).get("uid") == uid_of(ingress) and any(found["spec"].get(k) != v for k, v in spec.items()):
                self.world.change(CERTIFICATE, found, partial(_respecified, spec=spec), manager=MANAGER)


def _respecified(certificate: Obj, spec: Obj) -> None:
    certificate["spec"].update(spec)


def _specs(ingress: Obj) -> list[Obj]:
    notes = annotations_of(ingress)
    for word, kind in (("cluster-issuer", CLUSTER_ISSUER.kind), ("issuer", ISSUER.kind)):
        if issuer := notes.get(f"{_GROUP}/{word}"):
            reference = {"group": _GROUP, "kind": kind, "name": issuer}
            tls = [t for t in ingress["spec"].get("tls") or () if t.get("secretName") and t.get("hosts")]
            return [
                {"secretName": t["secretName"], "dnsNames": list(t["hosts"]), "issuerRef": reference, "usages": list(_USAGES)} for t in tls
            ]
    return []


def _unfit(certificate: Obj, secret: Obj | None) -> str:
    """Why the Secret isn't the Certificate's; "" if it is."""
    if secret is None:
        return "Issuing certificate as Secret does not exist"
    if not all((secret.get("data") or {}).get(key) for key in _KEYS):
        return "Issuing certificate as Secret does not contain a certificate"
    notes, wanted = annotations_of(secret), _notes(certificate)
    if any(notes.get(key) != value for key, value in wanted.items()):
        return "Issuing certificate as Secret was issued for other names or by another issuer"
    return ""


def _notes(certificate: Obj) -> dict[str, str]:
    spec = certificate["spec"]
    issuer = spec["issuerRef"]
    return {
        f"{_GROUP}/certificate-name": name_of(certificate),
        f"{_GROUP}/common-name": spec.get("commonName", ""),
        f"{_GROUP}/alt-names": ",".join(spec.get("dnsNames") or ()),
        f"{_GROUP}/issuer-name": issuer["name"],
        f"{_GROUP}/issuer-kind": issuer.get("kind", ISSUER.kind),
        f"{_GROUP}/issuer-group": issuer.get("group", _GROUP),
    }


def _secret(certificate: Obj, revision: int) -> Obj:
    spec = certificate["spec"]
    given = spec.get("secretTemplate") or {}
    whom = f"{namespace_of(certificate)}/{name_of(certificate)} revision {revision}: {', '.join(spec.get('dnsNames') or ())}"
    words = {"tls.crt": "CERTIFICATE", "tls.key": "PRIVATE KEY"}
    return {
        "metadata": {
            "name": spec["secretName"],
            "namespace": namespace_of(certificate),
            "labels": {**(given.get("labels") or {}), f"controller.{_GROUP}/fao": "true"},
            "annotations": {**(given.get("annotations") or {}), **_notes(certificate)},
        },
        "type": _TYPE,
        "data": {key: base64.b64encode(_pem(word, f"simulated {key} of {whom}").encode()).decode() for key, word in words.items()},
    }


def _pem(word: str, content: str) -> str:
    lines = textwrap.wrap(base64.b64encode(content.encode()).decode(), 64)
    return "\n".join([f"-----BEGIN {word}-----", *lines, f"-----END {word}-----", ""])


def _renewed(secret: Obj, wanted: Obj) -> None:
    secret["data"] = {**(secret.get("data") or {}), **wanted["data"]}
    for word in ("labels", "annotations"):
        secret["metadata"][word] = {**(meta_of(secret).get(word) or {}), **wanted["metadata"][word]}


def _seconds(text: str | None, otherwise: float) -> float:
    try:
        return duration(text) if text else otherwise
    except ValueError:
        return otherwise


def _put(world: World, obj: Obj, held: list[Obj], type_: str, reason: str, message: str, *, holds: bool) -> list[Obj]:
    new = {"type": type_, "status": "True" if holds else "False", "reason": reason, "message": message}
    return conditions.put(held, new | {"observedGeneration": meta_of(obj).get("generation", 1)}, world.clock.stamp())
