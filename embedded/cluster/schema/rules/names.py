"""Names, labels and ports: what each may consist of, and what the real server says when it doesn't."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.rules.causes import each, forbidden, invalid, required, too_long

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_DNS_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = f"({_KEY})?"
_DATA_KEY: Final = "[-._a-zA-Z0-9]+"
_MOST_LABEL: Final = 63
_MOST_SUBDOMAIN: Final = 253
_MOST_PORT: Final = 65535
_MOST_PORT_NAME: Final = 15
_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_MOST_ANNOTATIONS: Final = 256 * 1024


def _matches(text: str, form: str, what: str, *examples: str) -> list[str]:
    if re.fullmatch(form, text):
        return []
    shown = ",  or ".join(f"'{e}'" for e in examples)
    found = f"(e.g. {shown}, " if examples else "("
    return [f"{what} {found}regex used for validation is '{form}')"]


def _at_most(text: str, most: int, unit: str = "characters") -> list[str]:
    return [f"must be no more than {most} {unit}"] if len(text.encode()) > most else []


@lru_cache(maxsize=4096)
def label_name(text: str) -> tuple[str, ...]:
    """A name that is one part of a DNS name."""
    what = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    if "." in text and re.fullmatch(_SUBDOMAIN, text):
        return (*_at_most(text, _MOST_LABEL), "must not contain dots")
    return (*_at_most(text, _MOST_LABEL), *_matches(text, _LABEL, what + "alphanumeric character", "my-name", "123-abc"))


@lru_cache(maxsize=4096)
def subdomain(text: str) -> tuple[str, ...]:
    """A name that is a DNS name."""
    what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    return (*_at_most(text, _MOST_SUBDOMAIN), *_matches(text, _SUBDOMAIN, what + "alphanumeric character", "example.com"))


@lru_cache(maxsize=1024)
def dns_1035(text: str) -> tuple[str, ...]:
    """A name that starts with a letter."""
    what = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
    )
    return (*_at_most(text, _MOST_LABEL), *_matches(text, _DNS_1035, what + "alphanumeric character", "my-name", "abc-123"))


def path_segment(text: str) -> list[str]:
    """A name that may be nearly anything, such as a role's."""
    if text in {".", ".."}:
        return [f"may not be '{text}'"]
    return [f"may not contain '{sign}'" for sign in ("/", "%") if sign in text]


@lru_cache(maxsize=4096)
def qualified_name(text: str) -> tuple[str, ...]:
    """A label's or an annotation's key."""
    what = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    examples = ("MyName", "my.name", "123-abc")
    parts = text.split("/")
    if len(parts) > 2:
        form = _matches("/", _KEY, f"a valid label key {what}", *examples)[0]
        return (f"{form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    found = []
    if len(parts) == 2:
        found += [f"prefix part {why}" for why in subdomain(parts[0])] if parts[0] else ["prefix part must be non-empty"]
    name = parts[-1]
    if not name:
        found.append("name part must be non-empty")
    found += [f"name part {why}" for why in _at_most(name, _MOST_LABEL, "bytes")]
    return (*found, *_matches(name, _KEY, f"name part {what}", *examples))


@lru_cache(maxsize=4096)
def label_value(text: str) -> tuple[str, ...]:
    """A label's value."""
    what = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    return (*_at_most(text, _MOST_LABEL, "bytes"), *_matches(text, _VALUE, what + "alphanumeric character", "MyValue", "my_value", "12345"))


@lru_cache(maxsize=4096)
def data_key(text: str) -> tuple[str, ...]:
    """A key of a ConfigMap or a Secret."""
    found = _at_most(text, _MOST_SUBDOMAIN)
    what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    found += _matches(text, _DATA_KEY, what, "key.name", "KEY_NAME", "key-name")
    if text == ".":
        return (*found, "must not be '.'")
    return (*found, "must not start with '..'") if text.startswith("..") else tuple(found)


def port_number(value: Any) -> list[str]:
    """A port."""
    return [] if isinstance(value, int) and 1 <= value <= _MOST_PORT else [f"must be between 1 and {_MOST_PORT}, inclusive"]


def port_name(text: str) -> list[str]:
    """A port by name."""
    found = _at_most(text, _MOST_PORT_NAME)
    if not re.fullmatch("[-a-z0-9]+", text):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        found.append("must contain at least one letter (a-z)")
    if "--" in text:
        found.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def port(field: str, value: Any) -> list[Cause]:
    """A port by number or name."""
    return each(field, value, port_name(value) if isinstance(value, str) else port_number(value))


def labels(field: str, found: Mapping[str, str] | None) -> list[Cause]:
    """Labels, or a map that selects by labels."""
    causes = []
    for key, value in (found or {}).items():
        causes += each(field, key, qualified_name(key))
        causes += each(field, value, label_value(value))
    return causes


def notes(field: str, found: Mapping[str, str] | None) -> list[Cause]:
    """Annotations: their keys, and their size together."""
    found = found or {}
    causes = [c for key in found for c in each(field, key, qualified_name(key.lower()))]
    if sum(len(k) + len(v) for k, v in found.items()) > _MOST_ANNOTATIONS:
        causes.append(too_long(field, _MOST_ANNOTATIONS))
    return causes


def selector(field: str, found: Obj | None) -> list[Cause]:
    """A selector with matchLabels and matchExpressions."""
    found = found or {}
    causes = labels(f"{field}.matchLabels", found.get("matchLabels"))
    for at, term in enumerate(found.get("matchExpressions") or []):
        causes += _term(f"{field}.matchExpressions[{at}]", term)
    return causes


def _term(field: str, term: Obj) -> list[Cause]:
    operator, values, key = term.get("operator"), term.get("values") or [], term.get("key") or ""
    causes = []
    if operator in {"In", "NotIn"}:
        if not values:
            causes.append(required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            causes.append(forbidden(f"{field}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    else:
        causes.append(invalid(f"{field}.operator", operator or "", "not a valid selector operator"))
    causes += each(f"{field}.key", key, qualified_name(key))
    return causes + [c for at, value in enumerate(values) for c in each(f"{field}.values[{at}]", value, label_value(value))]


def metadata(obj: Obj, name_rule: Callable[[str], list[str] | tuple[str, ...]], *, new: bool) -> list[Cause]:
    """The metadata of an object; a name is looked at once, when the object is made."""
    found = obj.get("metadata") or {}
    causes = []
    if new:
        name = found.get("name") or ""
        causes = each("metadata.name", name, name_rule(name)) if name else [required("metadata.name", "name or generateName is required")]
    causes += labels("metadata.labels", found.get("labels"))
    causes += notes("metadata.annotations", found.get("annotations"))
    for owner in found.get("ownerReferences") or []:
        field = "metadata.ownerReferences"
        for part, why in (("apiVersion", "version must not be empty"), ("kind", "must not be empty"), ("name", "must not be empty")):
            if not owner.get(part):
                causes.append(invalid(f"{field}.{part}", "", why))
        if not owner.get("uid"):
            causes.append(invalid(f"{field}.uid", "", "must not be empty"))
    for finalizer in found.get("finalizers") or []:
        causes += each("metadata.finalizers", finalizer, qualified_name(finalizer))
    return causes


def finalizers(obj: Obj) -> list[Cause]:
    """The finalizers of a built-in kind: without a domain, there are only the server's own."""
    why = "name is neither a standard finalizer name nor is it fully qualified"
    found = enumerate((obj.get("metadata") or {}).get("finalizers") or [])
    return [invalid(f"metadata.finalizers[{at}]", name, why) for at, name in found if "/" not in name and name not in _FINALIZERS]
