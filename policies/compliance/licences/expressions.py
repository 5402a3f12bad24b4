"""Licences as SPDX writes them: `MIT OR (Apache-2.0 AND BSD-3-Clause)`, and whether one may be taken."""

import re
from typing import Any

from license_expression import AND, OR, ExpressionError, LicenseWithExceptionSymbol, Licensing


def refused(text: str, allow: frozenset[str], deny: frozenset[str]) -> str:
    """Why a licence may not be taken; "" if it may. Of a choice one is enough, of what is to be heeded together each has to be good."""
    try:
        tree = _LICENSING.parse(text)
    except (ExpressionError, AttributeError, TypeError):
        tree = None
    if tree is None:
        # Names that aren't SPDX' have blanks and commas in them; they are judged as they are, and by each word.
        words = (_one(word, frozenset(), deny) for word in re.split(r"[\s(),/]+", text))
        return next(filter(None, words), "") or _one(text, allow, deny)
    return _judged(tree, allow, deny)


def _judged(node: Any, allow: frozenset[str], deny: frozenset[str]) -> str:
    if isinstance(node, (AND, OR)):
        found = [_judged(one, allow, deny) for one in node.args]
        wrong = [one for one in found if one]
        if isinstance(node, OR):
            return "" if len(wrong) < len(found) else wrong[0]
        return wrong[0] if wrong else ""
    if isinstance(node, LicenseWithExceptionSymbol):
        whole, base = node.render().lower(), node.license_symbol.key
        # An exception only ever gives more: who allows the licence allows it with one.
        return "" if whole in allow else f"{node.render()} is denied" if whole in deny else _one(base, allow, deny)
    return _one(node.render(), allow, deny)


def _one(name: str, allow: frozenset[str], deny: frozenset[str]) -> str:
    plain = _modern(name.strip().lower())
    if plain in deny:
        return f"{name} is denied"
    return f"{name} isn't allowed" if allow and plain not in allow else ""


def _modern(name: str) -> str:
    """GNU's licences as they are named today: `GPL-3.0` was `GPL-3.0-only`, `GPL-3.0+` was `GPL-3.0-or-later`."""
    if _GNU.fullmatch(name) is None:
        return name
    return f"{name.removesuffix('+')}-or-later" if name.endswith("+") else f"{name}-only"


_GNU = re.compile(r"(agpl|gfdl|gpl|lgpl)-[0-9.]+\+?")
_LICENSING = Licensing()
