"""Configurations for laws: small Deployments and Services, so that different ones often have fields in common."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

Obj = dict[str, Any]

# Whole objects take their time to make, and are small enough for few of them to say much.
FEW = settings(max_examples=40)

_VALUES = st.sampled_from(["1", "2"])
_LABELS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES, max_size=3)


def _some(required: Obj | None = None, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Obj]:
    return st.fixed_dictionaries({k: st.just(v) for k, v in (required or {}).items()}, optional=optional)


def _keyed(key: str, values: list[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Obj]]:
    """Lists of items with distinct keys."""
    return st.lists(st.sampled_from(values), unique=True, max_size=3).flatmap(
        lambda found: st.tuples(*(_some({key: value}, **fields) for value in found)).map(list)
    )


_CONTAINERS = _keyed(
    "name",
    ["app", "side", "log"],
    image=st.sampled_from(["i:1", "i:2"]),
    args=st.lists(_VALUES, max_size=2),
    env=_keyed("name", ["A", "B"], value=_VALUES),
    ports=_keyed("containerPort", [80, 81], name=_VALUES),
    readinessProbe=_some({"periodSeconds": 1}, httpGet=_some({"port": 80}, path=_VALUES)),
)
_DEPLOYMENT_SPEC = _some(
    replicas=st.integers(0, 2),
    selector=_some(matchLabels=_LABELS),
    strategy=_some(type=st.sampled_from(["Recreate", "RollingUpdate"]), rollingUpdate=_some(maxSurge=st.integers(0, 1))),
    template=_some(metadata=_some(labels=_LABELS), spec=_some(containers=_CONTAINERS, nodeSelector=_LABELS)),
)
_METADATA = _some({"name": "x"}, labels=_LABELS, annotations=_LABELS, finalizers=st.lists(_VALUES, unique=True, max_size=2))


def _deployment(metadata: Obj, spec: Obj) -> Obj:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


DEPLOYMENTS: st.SearchStrategy[Obj] = st.builds(_deployment, _METADATA, _DEPLOYMENT_SPEC)
