"""Only what may be used is built in, by its licence.

Looks at: the bills of materials in a folder (CycloneDX and SPDX, as JSON): the licences of all components.
Allowed: what is in the setting `allow`, if there is anything, and nothing that is in `deny`; of a choice (`MIT OR GPL-3.0-only`) one that
may be taken is enough. With `allow`, a component has to say its licence, unless `unknown` is set. Nothing is asked for as long as no folder
is named.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import soc2
from policies.compliance.licences.expressions import refused
from policies.compliance.licences.materials import BrokenBillError, Part, bills, parts
from policies.judging import Finding, Given, Settings, Stack, Violation, of_stack


class Licences(Settings):
    """What may be used."""

    folder: str = ""
    """The folder with the bills of materials."""
    allow: tuple[str, ...] = ()
    """Licences by their ids in SPDX' list. Without any, all that aren't denied."""
    deny: tuple[str, ...] = ("AGPL-1.0-only", "AGPL-1.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later", "SSPL-1.0", "BUSL-1.1")
    """Licences that may not be used, whatever else is allowed."""
    unknown: bool = False
    """Whether what doesn't say its licence may be used, where others are allowed by name."""


@of_stack(
    "Only what may be used is built in, by its licence.",
    severity="medium",
    fix="Take something else, or let whoever answers for licences allow it.",
    standards=(soc2("CC9.2"),),
    tags=("supply-chain", "licences"),
    url="https://spdx.org/licenses/",
    settings=Licences,
    needs="folder",
)
def allowed_licences(stack: Stack, given: Given[Licences]) -> Iterator[Finding]:
    """A folder without a whole bill of materials is no proof of anything."""
    settings = given.settings
    if not settings.folder:
        return
    at = stack.itself.root
    files = bills(settings.folder)
    if not files:
        yield Violation(at, f"there is no bill of materials in {settings.folder}")
    for file in files:
        try:
            found = parts(file)
        except BrokenBillError as error:
            yield Violation(at, str(error))
            continue
        yield from (Violation(at, f"{file}: {why}") for why in dict.fromkeys(_refused(found, settings)))


def _refused(found: list[Part], settings: Licences) -> Iterator[str]:
    allow = frozenset(name.lower() for name in settings.allow)
    deny = frozenset(name.lower() for name in settings.deny)
    # The same few licences, over and over.
    answers = {licence: refused(licence, allow, deny) for licence in {part.licence for part in found} if licence}
    for part in found:
        if part.licence:
            if why := answers[part.licence]:
                yield f"{part.name}: {why}"
        elif allow and not settings.unknown:
            yield f"{part.name} doesn't say its licence"
