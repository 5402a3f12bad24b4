"""Certificates: pairs that have the form of one, for Ingresses too, and issuers that aren't there."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cluster.controllers.yard import Yard, words

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj

READY = ("True", "Ready", "Certificate is up to date and has not expired")
ISSUER = {"name": "letsencrypt", "kind": "ClusterIssuer"}
NOTE = "cert-manager.io/cluster-issuer"


def certificate(yard: Yard, **spec: Any) -> None:
    """A Certificate."""
    yard.make("Certificate", "shop", {"secretName": "shop-tls", "dnsNames": ["shop.example"], "issuerRef": ISSUER, **spec})


def ingress(yard: Yard, tls: list[Obj], **notes: str) -> None:
    """An Ingress."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    yard.make("Ingress", "web", {"defaultBackend": backend, "tls": tls}, metadata={"annotations": notes, "labels": {"app": "web"}})


def test_a_certificate_gets_its_pair() -> None:
    """After a while, in a Secret of the type for it, with what cert-manager writes on it."""
    yard = Yard()
    certificate(yard, secretTemplate={"labels": {"a": "b"}})
    yard.clock.settle()
    assert words(yard.get("Certificate", "shop"), "Ready")[:2] == ("False", "DoesNotExist")
    assert words(yard.get("Certificate", "shop"), "Issuing")[0] == "True"
    yard.wait(2)
    secret, status = yard.get("Secret", "shop-tls"), yard.status("Certificate", "shop")
    assert words(yard.get("Certificate", "shop"), "Ready") == READY
    assert words(yard.get("Certificate", "shop"), "Issuing")[0] == ""
    assert (status["revision"], status["notAfter"][:10]) == (1, "2026-04-01")
    assert secret is not None
    assert secret["type"] == "kubernetes.io/tls"
    assert base64.b64decode(secret["data"]["tls.crt"]).startswith(b"-----BEGIN CERTIFICATE-----")
    assert secret["metadata"]["labels"]["a"] == "b"
    assert secret["metadata"]["annotations"]["cert-manager.io/issuer-name"] == "letsencrypt"
    assert "ownerReferences" not in secret["metadata"]


def test_a_certificate_is_renewed_in_time() -> None:
    """When a third of its time is left, and when its names change, and when its Secret goes."""
    yard = Yard()
    certificate(yard, duration="90m")
    yard.wait(59 * 60)
    assert yard.status("Certificate", "shop")["revision"] == 1
    yard.wait(120)
    assert yard.status("Certificate", "shop")["revision"] == 2
    yard.edit("Certificate", "shop", lambda c: c["spec"].update(dnsNames=["www.shop.example"]))
    yard.wait(2)
    assert yard.status("Certificate", "shop")["revision"] == 3
    yard.delete("Secret", "shop-tls")
    yard.wait(2)
    assert yard.status("Certificate", "shop")["revision"] == 4
    assert words(yard.get("Certificate", "shop"), "Ready") == READY


def test_an_issuer_that_isnt_there() -> None:
    """The one named `missing`; with another the Certificate goes on."""
    yard = Yard()
    certificate(yard, issuerRef={**ISSUER, "name": "missing"})
    yard.wait(60)
    assert words(yard.get("Certificate", "shop"), "Ready")[:2] == ("False", "DoesNotExist")
    assert yard.get("Secret", "shop-tls") is None
    assert yard.messages("IssuerNotFound") == ['Referenced "ClusterIssuer" not found: clusterissuer.cert-manager.io "missing" not found']
    yard.edit("Certificate", "shop", lambda c: c["spec"].update(issuerRef=ISSUER))
    yard.wait(2)
    assert words(yard.get("Certificate", "shop"), "Ready") == READY


@pytest.mark.parametrize(
    ("kind", "name", "spec", "said"),
    [
        ("Issuer", "own", {"selfSigned": {}}, ("True", "IsReady")),
        (
            "ClusterIssuer",
            "letsencrypt",
            {"acme": {"server": "https://acme", "privateKeySecretRef": {"name": "k"}}},
            ("True", "ACMEAccountRegistered"),
        ),
        ("ClusterIssuer", "missing", {"ca": {"secretName": "ca"}}, ("False", "ErrInitIssuer")),
    ],
)
def test_issuers_say_how_they_are(kind: str, name: str, spec: Obj, said: tuple[str, str]) -> None:
    """In the words of their sort."""
    yard = Yard()
    yard.make(kind, name, spec)
    yard.wait(1)
    assert words(yard.get(kind, name, "default" if kind == "Issuer" else ""), "Ready")[:2] == said


def test_an_ingress_that_names_an_issuer_gets_certificates() -> None:
    """One for each of its `tls`, as long as it has them."""
    yard = Yard()
    ingress(
        yard, [{"hosts": ["a.example"], "secretName": "a-tls"}, {"hosts": ["b.example"], "secretName": "b-tls"}], **{NOTE: "letsencrypt"}
    )
    yard.wait(2)
    found = yard.get("Certificate", "a-tls")
    assert found is not None
    assert (found["spec"]["dnsNames"], found["spec"]["issuerRef"]["name"]) == (["a.example"], "letsencrypt")
    assert words(found, "Ready") == READY
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Ingress"
    assert (yard.get("Secret", "b-tls") or {}).get("type") == "kubernetes.io/tls"
    yard.edit("Ingress", "web", lambda i: i["spec"].update(tls=[{"hosts": ["a.example", "c.example"], "secretName": "a-tls"}]))
    yard.wait(2)
    assert yard.get("Certificate", "b-tls") is None
    assert (yard.get("Certificate", "a-tls") or {})["spec"]["dnsNames"] == ["a.example", "c.example"]
    assert yard.status("Certificate", "a-tls")["revision"] == 2


def test_an_ingress_without_an_issuer_is_left_alone() -> None:
    """As is a Certificate that somebody else made."""
    yard = Yard()
    certificate(yard)
    ingress(yard, [{"hosts": ["a.example"], "secretName": "a-tls"}])
    yard.wait(2)
    assert [c["metadata"]["name"] for c in yard.all("Certificate")] == ["shop"]
