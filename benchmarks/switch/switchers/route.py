"""Traffic by an HTTPRoute's weights: one request moves all rules that send traffic to both versions' Services."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lightkube.generic_resource import create_namespaced_resource
from lightkube.types import PatchType

from benchmarks.switch.switchers.applying import applied
from benchmarks.switch.switchers.kubernetes import client, named, told
from benchmarks.switch.switchers.switcher import CYCLE, SwitchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.switch.switchers.switcher import Operation

ROUTES = create_namespaced_resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")


class Route:
    """The HTTPRoute NAMESPACE/NAME, with the Services of the old and the new version among its backends.

    It is patched; or with a field manager, who has applied it, applied again.
    """

    def __init__(self, route: str, live: str, candidate: str, kubeconfig: str = "", manager: str = "") -> None:
        self.operations = frozenset(CYCLE)
        self._namespace, self._name = named(route)
        self._live, self._candidate, self._manager = live, candidate, manager
        self._client = client(kubeconfig)

    def prepare(self, operation: Operation) -> None:
        pass

    def shift(self, weight: int) -> None:
        with self._told("patch"):
            route = self._get()
            places = pairs(_rules(route), self._live, self._candidate)
            if self._manager:
                mine = applied(route, self._manager)
                mine["spec"]["rules"] = weighted(_rules(route), places, weight)
                self._client.apply(ROUTES.from_dict(mine), field_manager=self._manager, force=True)
            else:
                patch = list(weights(places, self._live, self._candidate, weight))
                self._client.patch(ROUTES, self._name, patch, namespace=self._namespace, patch_type=PatchType.JSON)

    def abort(self) -> None:
        self.shift(0)

    def flip(self) -> None:
        self.shift(100)

    def rollback(self) -> None:
        self.shift(0)

    def status(self) -> int | None:
        with self._told("get"):
            rules = _rules(self._get())
        rule, live, candidate = pairs(rules, self._live, self._candidate)[0]
        parts = [rules[rule]["backendRefs"][i].get("weight", 1) for i in (live, candidate)]
        return round(100 * parts[1] / sum(parts)) if sum(parts) else None

    def close(self) -> None:
        self._client.close()

    def _get(self) -> dict[str, Any]:
        return dict(self._client.get(ROUTES, self._name, namespace=self._namespace))

    def _told(self, verb: str) -> Any:
        return told(f"{verb} HTTPRoute {self._namespace}/{self._name}")


def _rules(route: dict[str, Any]) -> list[dict[str, Any]]:
    return list((route.get("spec") or {}).get("rules") or [])


def pairs(rules: Sequence[dict[str, Any]], live: str, candidate: str) -> list[tuple[int, int, int]]:
    """Each rule that has both backends: its place, and theirs in it."""
    found = []
    for place, rule in enumerate(rules):
        names = [ref.get("name") for ref in rule.get("backendRefs") or ()]
        if live in names and candidate in names:
            found.append((place, names.index(live), names.index(candidate)))
    if not found:
        raise SwitchError(f"no rule of the HTTPRoute has both {live} and {candidate} as backends")
    return found


def weights(places: Sequence[tuple[int, int, int]], live: str, candidate: str, weight: int) -> Iterator[dict[str, Any]]:
    """The patch: each backend is still who it was, and has its weight."""
    for rule, *refs in places:
        for ref, name, part in zip(refs, (live, candidate), (100 - weight, weight), strict=True):
            path = f"/spec/rules/{rule}/backendRefs/{ref}"
            yield {"op": "test", "path": f"{path}/name", "value": name}
            yield {"op": "add", "path": f"{path}/weight", "value": part}


def weighted(rules: Sequence[dict[str, Any]], places: Sequence[tuple[int, int, int]], weight: int) -> list[dict[str, Any]]:
    """The same rules with these weights."""
    made = copy.deepcopy(list(rules))
    for rule, live, candidate in places:
        made[rule]["backendRefs"][live]["weight"], made[rule]["backendRefs"][candidate]["weight"] = 100 - weight, weight
    return made
