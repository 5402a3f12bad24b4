"""Reviews: questions of who somebody is and what they may do. Whoever is let in may do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.api.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.api.requests import Request

_USER: Final = {"username": "kubernetes-admin", "groups": ["kubeadm:cluster-admins", "system:authenticated"]}
_ALL: Final = ["*"]


def _allowed(_: dict[str, Any]) -> dict[str, Any]:
    return {"allowed": True}


def _rules(_: dict[str, Any]) -> dict[str, Any]:
    everything = [{"verbs": _ALL, "apiGroups": _ALL, "resources": _ALL}]
    return {"resourceRules": everything, "nonResourceRules": [{"verbs": _ALL, "nonResourceURLs": _ALL}], "incomplete": False}


def _me(_: dict[str, Any]) -> dict[str, Any]:
    return {"userInfo": _USER}


def _token(review: dict[str, Any]) -> dict[str, Any]:
    given = (review.get("spec") or {}).get("token")
    return {"authenticated": bool(given), **({"user": _USER} if given else {"error": "no token was given"})}


_REVIEWS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "authorization.k8s.io/selfsubjectaccessreviews": _allowed,
    "authorization.k8s.io/subjectaccessreviews": _allowed,
    "authorization.k8s.io/localsubjectaccessreviews": _allowed,
    "authorization.k8s.io/selfsubjectrulesreviews": _rules,
    "authentication.k8s.io/selfsubjectreviews": _me,
    "authentication.k8s.io/tokenreviews": _token,
}


def is_review(storage: str) -> bool:
    """Whether objects of that kind are questions, never kept."""
    return storage in _REVIEWS


def handle(request: Request) -> Answer:
    """Answer the question."""
    review = request.obj()
    kinds = {"kind": request.resource.kind, "apiVersion": request.resource.group_version}
    return Answer({**review, **kinds, "status": _REVIEWS[request.resource.storage](review)}, 201)
