"""Reading by the schema and the models agree, whatever is wrong; and what is made of it is always right."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from embedded.engine.settings import yamltext
from tidegate.model.base import LENIENT, all_findings
from tidegate.model.loading import from_config
from tidegate.model.reading import Reading
from tidegate.model.schema import Keys, keys

if TYPE_CHECKING:
    from tidegate.model.base import Path as Where
    from tidegate.model.stackfile import Place

RIGHT = {
    key.removeprefix("tidegate:"): value
    for key, value in yamltext.load((Path(__file__).parents[4] / "Pulumi.production.yaml").read_text(), "")["config"].items()
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.sampled_from([0.5, 1.0, 1e300]),
    st.sampled_from(["", "x", "v1\n", "canary", "gateway", "500m", "2Gi", "5m", "@", "/a", "dashboard", "10.0.0.0/8", "0 2 * * *", "é"]),
    st.sampled_from([[], {}, ["x"], [5], {"x": 1}, {"secure": "v1:abc"}, {"kind": "redis"}, {"": ""}, [{"weight": 100}]]),
    # Put into a configuration and changed there, it stays what it is for the next one.
).map(copy.deepcopy)


class Nowhere:
    """A source that knows of no file."""

    def place(self, path: Where) -> Place | None:  # noqa: ARG002 - the port's signature
        return None


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Everywhere in a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, part in parts for spot in spots(part, (*path, key)))]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """The production stack with a few things changed, taken away or added."""
    made = copy.deepcopy(RIGHT)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from([spot for spot in spots(made) if spot]))
        holder: Any = made
        for part in way:
            holder = holder[part]
        match draw(st.sampled_from(["change", "change", "remove", "add"])):
            case "remove":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "X y", "replicas", "hosts", "kind", "secret"]))] = draw(ODD)
            case _:
                holder[last] = draw(ODD)
    return made


@given(configurations())
@settings(max_examples=60)
def test_reading_and_the_models_agree(made: dict[str, Any]) -> None:
    """Something is found wrong if and only if the models refuse it; what reading makes of it fits the models."""
    reading = Reading(keys(), Nowhere())
    right = Keys.model_validate_json(json.dumps(reading.read(made)), context={LENIENT: True})
    try:
        Keys.model_validate_json(json.dumps(made))
    except ValidationError:
        assert reading.findings or list(all_findings(right))
    else:
        assert not reading.findings
        assert not list(all_findings(right))


@given(configurations())
@settings(max_examples=30)
def test_every_configuration_is_an_intent_or_has_problems(made: dict[str, Any]) -> None:
    """Loading never fails itself, and tells no problem twice."""
    loaded = from_config({f"tidegate:{key}": json.dumps(value) for key, value in made.items()})
    assert (loaded.intent is None) == bool(loaded.problems)
    assert len(set(loaded.problems)) == len(loaded.problems)
