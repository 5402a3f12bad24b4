"""What comes in, encrypted or not."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, of_manifest
from policies.security.network.ingress_tls import ingress_tls

NGINX, ALB = "nginx.ingress.kubernetes.io", "alb.ingress.kubernetes.io"


def ingress(hosts: list[str | None], tls: Any, **annotations: str) -> Any:
    """An Ingress with rules for hosts."""
    spec = {"rules": [{"host": host} if host else {"http": {}} for host in hosts], "tls": tls}
    metadata = {"name": "web", "namespace": "shop", "annotations": annotations}
    return of_manifest({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})


@pytest.mark.parametrize(
    ("hosts", "tls", "wrong"),
    [
        (["www.shop.example"], [{"hosts": ["www.shop.example"], "secretName": "tls"}], []),
        (["www.shop.example"], [{"hosts": ["www.shop.example"]}], []),
        (["www.shop.example"], [{"secretName": "tls"}], []),
        (["www.shop.example"], [{"hosts": ["*.shop.example"]}], []),
        (["*.shop.example"], [{"hosts": ["*.shop.example"]}], []),
        (["a.www.shop.example"], [{"hosts": ["*.shop.example"]}], ["rules[0].host"]),
        (["shop.example"], [{"hosts": ["*.shop.example"]}], ["rules[0].host"]),
        (["www.shop.example"], None, ["rules[0].host"]),
        (["www.shop.example"], [], ["rules[0].host"]),
        (["one.example", "two.example"], [{"hosts": ["one.example"]}], ["rules[1].host"]),
        (["one.example", "two.example"], [{"hosts": ["one.example"]}, {"hosts": ["two.example"]}], []),
        ([None], [{"hosts": ["www.shop.example"]}], []),
        ([None], None, ["rules[0].host"]),
        ([], None, ["tls"]),
        ([], [{"secretName": "tls"}], []),
    ],
)
def test_hosts_have_certificates(hosts: list[str | None], tls: Any, wrong: list[str]) -> None:
    """Each of them; what is missing is told where it is."""
    found = judge(ingress_tls, ingress(hosts, tls))
    assert [one.at.path for one in found] == [f"spec.{path}" for path in wrong]
    assert all(isinstance(one, Violation) and "shop/Ingress/web" in one.reason for one in found)
    assert judge(ingress_tls, ingress(hosts, tls), Given(ingress_tls.settings(), environment="local")) == []


@pytest.mark.parametrize(
    ("annotations", "good"),
    [
        ({f"{ALB}/certificate-arn": "arn:aws:acm:eu-west-1:1:certificate/a"}, True),
        ({f"{ALB}/certificate-arn": ""}, False),
        ({f"{ALB}/listen-ports": '[{"HTTPS": 443}]'}, True),
        ({f"{ALB}/listen-ports": '[{"HTTP": 80}]'}, False),
        ({"networking.gke.io/managed-certificates": "web"}, True),
        ({"ingress.gcp.kubernetes.io/pre-shared-cert": "web"}, True),
        ({"appgw.ingress.kubernetes.io/appgw-ssl-certificate": "web"}, True),
        ({"traefik.ingress.kubernetes.io/router.tls": "true"}, True),
        ({"traefik.ingress.kubernetes.io/router.tls": "false"}, False),
        ({"kubernetes.io/ingress.class": "nginx"}, False),
    ],
)
def test_certificates_from_elsewhere(annotations: dict[str, str], good: bool) -> None:
    """Are good for all hosts."""
    assert (judge(ingress_tls, ingress(["www.shop.example"], None, **annotations)) == []) is good


@pytest.mark.parametrize(
    ("annotations", "good"),
    [
        ({f"{NGINX}/ssl-redirect": "false"}, False),
        ({f"{NGINX}/ssl-redirect": "true"}, True),
        ({f"{NGINX}/ssl-redirect": "false", f"{NGINX}/force-ssl-redirect": "true"}, True),
        ({f"{NGINX}/ssl-redirect": "false", f"{ALB}/certificate-arn": "arn"}, False),
    ],
)
def test_redirects_that_are_turned_off(annotations: dict[str, str], good: bool) -> None:
    """Leave a way without encryption beside the other."""
    found = judge(ingress_tls, ingress(["www.shop.example"], [{"secretName": "tls"}], **annotations))
    assert [one.at.path for one in found] == ([] if good else [f"metadata.annotations[{NGINX}/ssl-redirect]"])
    told = [(one.reason, one.fix) for one in found if isinstance(one, Violation)]
    assert told == ([] if good else [("shop/Ingress/web answers without encryption too", "Leave the annotation out.")])


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        (["www.shop.example"], "shop/Ingress/web takes requests for www.shop.example without encryption"),
        ([None], "shop/Ingress/web takes requests for any host without encryption"),
        ([], "shop/Ingress/web takes requests without encryption"),
    ],
)
def test_reasons(hosts: list[str | None], reason: str) -> None:
    """By whose host it comes."""
    assert [one.reason for one in judge(ingress_tls, ingress(hosts, None)) if isinstance(one, Violation)] == [reason]
