"""The templates of ExternalSecrets: as much of Go's templates as such Secrets use.

Known are `{{ .name }}` and `{{ index . "name" }}`, each also through `b64enc`, `quote`, `toString` and `trim`, and with `%s` alone
`{{ printf "..." .a .b }}`. Other actions can't be carried out here: they leave a text that stands for their result, so that the Secret has
its keys all the same. A name that the data doesn't have is an error, as it is for the operator.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ACTION: Final = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_NAME: Final = re.compile(r'(?<![\w".])\.([A-Za-z_]\w*)|index\s+\.\s+"([^"]+)"')
_PRINTF: Final = re.compile(r'\(?\s*printf\s+"((?:[^"\\]|\\.)*)"((?:\s+\.[A-Za-z_]\w*)+)\s*\)?')
_FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "b64enc": lambda text: base64.b64encode(text.encode()).decode(),
    "quote": json.dumps,
    "toString": str,
    "trim": str.strip,
}


def rendered(template: str, values: Mapping[str, str]) -> str:
    """The template's text. KeyError for a name that isn't among the values."""
    return _ACTION.sub(lambda action: _result(action[1], values), template)


def _result(action: str, values: Mapping[str, str]) -> str:
    names = [one or other for one, other in _NAME.findall(action)]
    found = [values[name] for name in names]
    head, *filters = [part.strip() for part in action.split(" | ")]
    if (call := _PRINTF.fullmatch(head)) and call[1].count("%s") == len(found):
        text = re.sub("%s", lambda _: found.pop(0), call[1])
    elif len(names) == 1 and _NAME.fullmatch(head):
        text = found[0]
    else:
        return "unrendered"
    for name in filters:
        if name not in _FILTERS:
            return "unrendered"
        text = _FILTERS[name](text)
    return text
