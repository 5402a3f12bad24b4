"""The sets of secrets that services use by name: values of this stack, or references to a store outside."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from tidegate.model.base import Duration, Model, Name

Key = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]{1,253}$")]


class External(Model):
    """Where the External Secrets Operator finds the values."""

    store: Name
    kind: Literal["SecretStore", "ClusterSecretStore"] = "ClusterSecretStore"
    path: str
    """The entry in the store; the keys are its properties."""
    version: str | None = None
    """The entry's version: naming it makes a rotation a release that can go back."""
    refresh: Duration = "1h"


class SecretSet(Model):
    """A set of secrets, complete or refused."""

    required: tuple[Key, ...] = Field(min_length=1)
    """The keys that must be there before anything is changed."""
    values: dict[Key, Annotated[str, StringConstraints(min_length=1)]] = Field(default={}, repr=False)
    """Encrypted by `pulumi config set --secret --path`."""
    external: External | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.external is not None:
            if self.values:
                raise ValueError("give either values or external")
            return self
        missing = [key for key in self.required if key not in self.values]
        if missing:
            raise ValueError(f"values lack {', '.join(missing)}: set them with `pulumi config set --secret --path`")
        return self
