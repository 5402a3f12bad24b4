"""The sets of secrets that services use by name: values of this stack, or references to a store outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tidegate.model.base import Duration, Finding, Model, Name, Text, shape

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = Annotated[
    str,
    shape(
        "^[-._a-zA-Z0-9]+$", "a key of letters, digits, dashes, dots and underscores: JWT_SECRET, postgres-url", "JWT_SECRET", longest=253
    ),
]
Value = Annotated[str, Field(min_length=1, json_schema_extra={"writeOnly": True})]
"""What nobody may see. In a stack file it is encrypted."""


class External(Model):
    """Where the External Secrets Operator finds the values."""

    store: Name
    """The operator's store."""
    kind: Literal["SecretStore", "ClusterSecretStore"] = "ClusterSecretStore"
    """Whether the store is the namespace's own, or the whole cluster's."""
    path: Text
    """The entry in the store; the keys are its properties."""
    version: Text | None = None
    """The entry's version: naming it makes a rotation a release that can go back."""
    refresh: Duration = "1h"
    """How often the operator looks for new values."""


class SecretSet(Model):
    """A set of secrets, complete or refused."""

    required: tuple[Key, ...] = Field(min_length=1)
    """The keys that must be there before anything is changed."""
    values: dict[Key, Value] = Field(default={}, repr=False)
    """The values, each encrypted by `pulumi config set --secret --path`."""
    external: External | None = None
    """Where the values are, if not here."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is complete, and is one thing."""
        for i, key in enumerate(self.required):
            if key in self.required[:i]:
                yield Finding(("required", i), f"{key} is there twice")
        if self.external is not None:
            if self.values:
                yield Finding(("values",), "the values are here or in a store outside, not both: remove values, or external")
            return
        for key in dict.fromkeys(self.required):
            if key not in self.values:
                yield Finding(
                    ("values", key),
                    "is required, but has no value: set it with `pulumi config set --secret --path`, or name a store with external",
                    (("required",), ("external",)),
                )
