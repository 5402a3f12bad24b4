"""URNs: `urn:pulumi:STACK::PROJECT::[parent types$]TYPE::NAME`. A name may hold `::`, the other parts may not."""

from __future__ import annotations

from typing import Final, NewType

URN = NewType("URN", str)

STACK_TYPE: Final = "pulumi:pulumi:Stack"
STACK_REFERENCE_TYPE: Final = "pulumi:pulumi:StackReference"
STASH_TYPE: Final = "pulumi:index:Stash"
PROVIDER_PREFIX: Final = "pulumi:providers:"
NO_PARENT: Final = URN("")


def make(stack: str, project: str, parent: str, type_: str, name: str) -> URN:
    """The URN of a resource; the root stack's type adds nothing to its children's."""
    prefix = qualified_type(parent) if parent else ""
    if prefix in ("", STACK_TYPE):
        return URN(f"urn:pulumi:{stack}::{project}::{type_}::{name}")
    return URN(f"urn:pulumi:{stack}::{project}::{prefix}${type_}::{name}")


def root(stack: str, project: str) -> URN:
    """The URN of the stack itself."""
    return make(stack, project, "", STACK_TYPE, f"{project}-{stack}")


def qualified_type(urn: str) -> str:
    """The type with its parents' types: `a:b:C$d:e:F`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name."""
    return urn.split("::", 3)[3]


def stack_of(urn: str) -> str:
    """The stack that the resource is in."""
    return urn.split("::", 1)[0].removeprefix("urn:pulumi:")


def project_of(urn: str) -> str:
    """The project that the resource is in."""
    return urn.split("::", 3)[1]


def is_valid(urn: str) -> bool:
    """Whether the text has a URN's parts."""
    return urn.startswith("urn:pulumi:") and urn.count("::") >= 3


def is_provider_type(type_: str) -> bool:
    """Whether the type is a provider's (`pulumi:providers:PACKAGE`)."""
    return type_.startswith(PROVIDER_PREFIX)


def package_of(type_: str) -> str:
    """The package that serves a type: `PACKAGE:module:Name`; a provider's own type names it last."""
    return type_.removeprefix(PROVIDER_PREFIX) if is_provider_type(type_) else type_.split(":", 1)[0]


def provider_ref(urn: str, id_: str) -> str:
    """How a resource's state names its provider."""
    return f"{urn}::{id_}"


def split_provider_ref(ref: str) -> tuple[URN, str]:
    """A provider reference's URN and id."""
    urn, _, id_ = ref.rpartition("::")
    return URN(urn), id_
