"""Types to apply to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.schema.catalogue import Catalogue

if TYPE_CHECKING:
    from embedded.cluster.schema.types import Type

CATALOGUE = Catalogue.load()


def type_of(api_version: str, kind: str) -> Type:
    """The type of a built-in kind."""
    resource = CATALOGUE.by_kind(api_version, kind)
    assert resource is not None
    return resource.type


CONFIG_MAP = type_of("v1", "ConfigMap")
DEPLOYMENT = type_of("apps/v1", "Deployment")
SERVICE = type_of("v1", "Service")
