"""Sets of URNs given by hand: literals and globs (`*` within a part, `**` across parts)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(slots=True)
class Targets:
    """The URNs that --target, --exclude or --replace name; an empty one constrains nothing."""

    literals: set[str] = field(default_factory=set)
    globs: list[re.Pattern[str]] = field(default_factory=list)

    @classmethod
    def parse(cls, texts: tuple[str, ...]) -> Targets:
        """Literals and globs as the user wrote them."""
        targets = cls()
        for text in texts:
            if "*" in text:
                targets.globs.append(_glob(text))
            else:
                targets.literals.add(text)
        return targets

    def __bool__(self) -> bool:
        return bool(self.literals or self.globs)

    def __contains__(self, urn: str) -> bool:
        """Whether the URN is named; everything is when nothing is named."""
        return not self or urn in self.literals or any(g.fullmatch(urn) for g in self.globs)

    def copy(self) -> Targets:
        """A copy to add to."""
        return Targets(set(self.literals), list(self.globs))


def _glob(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", text)
    return re.compile("".join(".*" if p == "**" else "[^:]*" if p == "*" else re.escape(p) for p in parts))
