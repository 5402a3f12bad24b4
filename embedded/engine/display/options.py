"""What of an operation is to be shown, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.engine.display.style import PLAIN
from embedded.engine.model.urn import STACK_TYPE, qualified_type

if TYPE_CHECKING:
    from embedded.engine.display.style import Style
    from embedded.engine.model.events import Step

_REPLACEMENTS = ("create-replacement", "delete-replaced", "read-replacement", "discard-replaced", "import-replacement", "replace")


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """The flags that only a display needs."""

    style: Style = PLAIN
    debug: bool = False
    show_config: bool = False
    show_reads: bool = False
    show_sames: bool = False
    show_replacement_steps: bool = False
    show_secrets: bool = False
    show_urns: bool = False
    show_remediations: bool = False
    suppress_outputs: bool = False
    suppress_progress: bool = False
    truncate: bool = True


def is_root(step: Step) -> bool:
    """Whether the step is about the stack itself."""
    return qualified_type(step.urn) == STACK_TYPE


def shown(step: Step, options: DisplayOptions, *, logical_only: bool) -> bool:
    """Whether a step is of interest. `logical_only` leaves out the parts of a replacement, where they are not asked for."""
    if step.op == "same":
        changed = step.old is not None and step.new is not None and step.old.protect != step.new.protect
        return changed or options.show_sames
    return not (logical_only and not options.show_replacement_steps and not step.logical and step.op in _REPLACEMENTS)
