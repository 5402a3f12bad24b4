"""What a component is given, as one Output."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import TypeVar

import pulumi

T = TypeVar("T")


def given(value: pulumi.Input[T]) -> pulumi.Output[T]:
    """The value as an Output. One that is known as a whole stays as it is: `from_input` makes Outputs of all that is in it, one by one."""
    return value if isinstance(value, pulumi.Output) else pulumi.Output.from_input(value)
