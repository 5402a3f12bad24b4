"""Outputs as the state keeps them: the whole live object, the inputs that made it, and the provider's notes.

The shape is that of Pulumi's own kubernetes provider, so either can go on where the other left off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.values import Secret
from embedded.providers.kubernetes.diffing import equal
from embedded.providers.kubernetes.naming import field_manager
from embedded.providers.kubernetes.objects import LAST_APPLIED, PATCH_FIELD_MANAGER, annotations_of, is_crd, marked, to_object, underscored

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.replacing import Obj

INPUTS: Final = "__inputs"
INITIAL_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
_NOTES: Final = frozenset({INPUTS, INITIAL_VERSION, FIELD_MANAGER})
# What a live object has that nobody would write into a program.
_SERVERS_METADATA: Final = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink"})
_SERVERS_ANNOTATIONS: Final = frozenset({"deployment.kubernetes.io/revision", LAST_APPLIED})
# Stand-ins for what isn't there, and for what nobody knows of.
_MISSING: Final = object()
UNTOLD: Final = object()


class Checkpoint:
    """What an earlier operation left in the outputs; nothing of it is taken apart before it is asked for."""

    def __init__(self, outputs: Values) -> None:
        self._outputs = outputs

    @property
    def live(self) -> Obj:
        """The object as it was last seen."""
        return to_object({k: v for k, v in self._outputs.items() if k not in _NOTES})

    @property
    def inputs(self) -> Obj:
        """The inputs that it was made from; empty if nobody kept them."""
        found = _opened(self._outputs.get(INPUTS))
        return to_object(found) if isinstance(found, dict) else {}

    @property
    def identity(self) -> Obj:
        """The live object's kind, name, namespace and uid."""
        metadata = _opened(self._outputs.get("metadata"))
        named = {k: _opened(metadata.get(k)) for k in ("name", "namespace", "uid")} if isinstance(metadata, dict) else {}
        kind = {k: _opened(self._outputs.get(k)) for k in ("apiVersion", "kind")}
        return {**{k: v for k, v in kind.items() if v}, "metadata": {k: v for k, v in named.items() if v}}

    @property
    def initial_version(self) -> str:
        """The API version that the object was first made with."""
        return str(self._outputs.get(INITIAL_VERSION) or "")

    @property
    def manager(self) -> str:
        """The name that its fields are managed under."""
        return str(self._outputs.get(FIELD_MANAGER) or "")


def _opened(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def checkpoint(live: Obj, inputs: Values, initial_version: str, manager: str) -> Values:
    """Outputs of the live object and the inputs (as values, secrets and all) that made it."""
    if is_crd(live):
        live, inputs = underscored(live), underscored(inputs)
    return {
        **marked(live, inputs),
        INPUTS: marked(inputs, {}),
        INITIAL_VERSION: initial_version,
        FIELD_MANAGER: manager,
    }


def manager_of(urn: str, old: Checkpoint, inputs: Obj) -> str:
    """Who manages the fields: as the annotation says, else who did before, else a name of the resource's own."""
    chosen = annotations_of(inputs).get(PATCH_FIELD_MANAGER)
    return chosen if isinstance(chosen, str) and chosen else old.manager or field_manager(urn)


def refreshed(inputs: Any, was: Any, live: Any) -> Any:
    """The inputs with what is live at their places.

    Where the live object is as it was left (`was`; UNTOLD if nobody knows), the inputs stay as they were written: a value that the server
    spells in another way, or doesn't keep, is no drift.
    """
    if was is not UNTOLD and (was is live or (_MISSING not in (was, live) and equal(was, live))):
        return inputs
    if isinstance(inputs, dict) and isinstance(live, dict):
        before = {k: was.get(k, _MISSING) for k in inputs} if isinstance(was, dict) else dict.fromkeys(inputs, UNTOLD)
        found = {k: refreshed(v, before[k], live.get(k, _MISSING)) for k, v in inputs.items()}
        return {k: v for k, v in found.items() if v is not _MISSING}
    if isinstance(inputs, list) and isinstance(live, list):
        earlier = was if isinstance(was, list) else []
        return [refreshed(v, earlier[i] if i < len(earlier) else UNTOLD, live[i]) for i, v in enumerate(inputs[: len(live)])]
    return inputs if live is not _MISSING and equal(inputs, live) else live


def imported(live: Obj) -> Obj:
    """The inputs that would make the live object: all of it that the server didn't write."""
    metadata = {k: v for k, v in live["metadata"].items() if k not in _SERVERS_METADATA}
    noted = {k: v for k, v in (metadata.pop("annotations", None) or {}).items() if k not in _SERVERS_ANNOTATIONS}
    if noted:
        metadata["annotations"] = noted
    return {**{k: v for k, v in live.items() if k != "status"}, "metadata": metadata}
