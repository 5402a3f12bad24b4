"""How strictly policies are enforced on a stack, what they are set to, and who is let off what, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from tidegate.model.base import Finding, Model, Text, shape
from tidegate.model.intent.exempting import Exempting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Level = Literal["advisory", "mandatory", "remediate", "disabled"]
ALL: Final = "all"
UNASKED: Final = "judged by the pack, which isn't told what was there before: `tidegate policies run` and releases judge them."
"""What packs say at the end of a line that names their policies on the update itself."""
Rule = Annotated[
    str,
    shape(
        r"^[a-z0-9][-.a-z0-9]*(/([-.a-z0-9]+|\*))?$",
        "all, a pack (security), a standard (pod-security/restricted), or a policy in its pack (security/host-ports)",
        "security/host-ports",
    ),
]
Policy = Annotated[
    str,
    shape(
        r"^[a-z][-a-z0-9]*/([-a-z0-9]+|\*)$",
        "a policy in its pack: security/host-ports, or security/* for all of it",
        "security/host-ports",
    ),
]


class Exemption(Exempting):
    """Objects that a policy is not enforced on, for a while."""

    policy: Policy
    """Which one, in its pack; `security/*` is all of the pack."""
    objects: tuple[Text, ...] = Field(min_length=1, examples=[["shop/DaemonSet/agent"]])
    """On which objects: namespace/kind/name, kind/name, or a URN; `*` is any text."""


class Policies(Model):
    """How policy packs judge this stack, wherever they run: in `pulumi up`, in a release's preflight, in `tidegate policies run`."""

    kubernetes: Annotated[str, shape(r"^1\.(2[89]|3[0-7])$", "a minor version from 1.28 to 1.37, in quotes", "1.36")] = "1.37"
    """The cluster's version: standards are judged as it has them."""
    enforcement: dict[Rule, Level] = Field(default={}, examples=[{"all": "advisory", "security/host-ports": "mandatory"}])
    """Another level than the policies' own; what is said more closely counts: all, a pack, a standard, a policy."""
    settings: dict[Policy, dict[str, Any]] = Field(default={}, examples=[{"release/update-size": {"deleted": 5}}])
    """What policies are set to, by policy; `tidegate policies show` says what there is to set."""
    exemptions: tuple[Exemption, ...] = ()
    """Objects that are let off; one that has ended counts no more, and is said to have ended."""

    def findings(self) -> Iterable[Finding]:
        """Settings of no policy in particular."""
        yield from self._vague()

    def _vague(self) -> Iterator[Finding]:
        for name in self.settings:
            if name.endswith("/*"):
                yield Finding(("settings", name), "name one policy: each has settings of its own")
