"""Property values on their way to and from providers: what a provider need not see, and what it cannot say.

A provider that does not take secrets gets plain values; its answer is then marked secret wherever what went in was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.model.values import Archive, Asset, Output, Secret, has_secret, transform, walk

if TYPE_CHECKING:
    from embedded.engine.model.values import Value, Values


def annotated(outs: Values, ins: Values | None) -> Values:
    """`outs` with what was secret in `ins` made secret again: objects key by key, everything else (lists too) as a whole."""
    if not ins:
        return outs
    marked = dict(outs)
    for key, given in ins.items():
        if key not in outs:
            continue
        answer = outs[key]
        if type(answer) is dict and type(given) is dict:
            marked[key] = annotated(answer, given)
        elif not isinstance(answer, Secret) and has_secret(given):
            marked[key] = Secret(answer)
    return marked


def all_secret(outs: Values) -> Values:
    """Every top-level value as a secret."""
    return {k: v if isinstance(v, Secret) or (isinstance(v, Output) and v.secret) else Secret(v) for k, v in outs.items()}


def elided(values: Values) -> Values:
    """The values with assets and archives reduced to their hashes: enough to compare, and a provider reads no file for it."""

    def leaf(value: Value) -> Value:
        if isinstance(value, Asset):
            return Asset(value.hash)
        if isinstance(value, Archive):
            return Archive(value.hash)
        if isinstance(value, Secret):
            return Secret(transform(value.value, leaf))
        return value

    return {k: transform(v, leaf) for k, v in values.items()}


def restored(values: Values, original: Values | None) -> Values:
    """The values with the contents of assets that were sent elided and came back as bare hashes."""
    known = {v.hash: v for v in walk(original or {}) if isinstance(v, Asset | Archive)}
    if not known:
        return values

    def leaf(value: Value) -> Value:
        if isinstance(value, Secret):
            return Secret(transform(value.value, leaf))
        return known.get(value.hash, value) if isinstance(value, Asset | Archive) and _is_bare(value) else value

    return {k: transform(v, leaf) for k, v in values.items()}


def _is_bare(value: Asset | Archive) -> bool:
    contents = value.text if isinstance(value, Asset) else value.assets
    return contents is None and value.path is None and value.uri is None
