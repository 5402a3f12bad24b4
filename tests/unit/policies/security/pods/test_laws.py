"""What holds of all policies on pods, whatever the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judging import Doubt, Given, Violation, judge, of_resource
from policies.judging.declaring import NEWEST, OLDEST
from policies.judging.fields import UNKNOWN, Hidden
from policies.judging.wire import changed
from policies.security.pods import POLICIES
from tests.unit.policies.security.pods import strategies
from tests.unit.policies.security.pods.telling import LEVELS
from tests.unit.policies.wrapping import KINDS, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.judging import Policy
    from tests.unit.policies.security.pods.telling import Level

Steps = tuple[str | int, ...]

PODS: Final = strategies.pods()
NOTES: Final = strategies.noted()
# Whether an object of a kind that isn't Kubernetes' own makes pods can't be told where its containers aren't known.
BUILT_IN: Final = st.sampled_from(sorted(KINDS.keys() - {"Rollout", "PyTorchJob"}))
ANY: Final = st.sampled_from(sorted(KINDS))
MINORS: Final = st.sampled_from(range(OLDEST, NEWEST + 1))
LEVEL: Final = st.sampled_from(LEVELS)
# Nobody can say what should be there instead.
UNMENDED: Final = {"host-path-volumes", "volume-types"}


def found(
    policy: Policy, manifest: Mapping[str, Any], minor: int = NEWEST, level: Level = "restricted"
) -> tuple[list[Violation], list[Doubt]]:
    """What a policy finds in a resource, and what it can't tell."""
    group = "" if "/" in manifest["apiVersion"] else "core/"
    resource = of_resource(f"kubernetes:{group}{manifest['apiVersion']}:{manifest['kind']}", manifest)
    findings = judge(policy, resource, Given(policy.settings(), minor, level=level))
    return [one for one in findings if isinstance(one, Violation)], [one for one in findings if isinstance(one, Doubt)]


def places(value: Any, above: Steps = ()) -> Iterator[Steps]:
    """All places in a value."""
    if above:
        yield above
    match value:
        case dict():
            for key, part in value.items():
                yield from places(part, (*above, key))
        case list():
            for number, part in enumerate(value):
                yield from places(part, (*above, number))


def put(value: Any, steps: Steps, new: Any) -> Any:
    """The value with another in a place."""
    if not steps:
        return new
    step, *rest = steps
    if isinstance(value, list):
        return [put(part, tuple(rest), new) if number == step else part for number, part in enumerate(value)]
    return {key: put(part, tuple(rest), new) if key == step else part for key, part in value.items()}


def hidden(value: Any, key: str | int = "") -> Any:
    """The value with all that is no structure in it kept secret, but for names."""
    match value:
        case dict():
            return {name: hidden(part, name) for name, part in value.items()}
        case list():
            return [hidden(part, number) for number, part in enumerate(value)]
    return value if key in {"name", "kind", "apiVersion"} else Hidden(value)


@settings(max_examples=50)
@given(spec=PODS, notes=NOTES, kind=BUILT_IN, minor=MINORS, level=LEVEL, data=st.data())
def test_what_is_not_known_yet_is_neither_refused_nor_passed(
    spec: dict[str, Any], notes: dict[str, Any], kind: str, minor: int, level: Level, data: st.DataObject
) -> None:
    """What is refused would be refused whatever comes; and where something is no longer refused, it is said that it can't be told."""
    whole = data.draw(st.sampled_from([(), *places(spec)]))
    before = wrapped(kind, spec, annotations=notes)
    after = wrapped(kind, put(spec, whole, UNKNOWN), annotations=notes)
    for policy in POLICIES:
        refused, doubts = found(policy, before, minor, level)
        still, doubted = found(policy, after, minor, level)
        assert not doubts
        sure, was = {one.at.path for one in still}, {one.at.path for one in refused}
        assert sure <= was, policy.name
        assert sure == was or doubted, policy.name


@settings(max_examples=50)
@given(spec=PODS, notes=NOTES, kind=ANY, minor=MINORS, level=LEVEL)
def test_secrets_are_judged_and_never_told(spec: dict[str, Any], notes: dict[str, Any], kind: str, minor: int, level: Level) -> None:
    """A value that is kept secret is judged like any other; what is said of it doesn't say it."""
    open_, secret = (wrapped(kind, pod, annotations=made) for pod, made in ((spec, notes), (hidden(spec), hidden(notes))))
    for policy in POLICIES:
        plainly, _ = found(policy, open_, minor, level)
        secretly, _ = found(policy, secret, minor, level)
        assert [one.at.path for one in secretly] == [one.at.path for one in plainly]
        for one in secretly:
            value = one.at.value
            assert not isinstance(value, str) or not value or repr(value) not in one.reason + one.fix


@settings(max_examples=50)
@given(spec=PODS, notes=NOTES, kind=ANY, minor=MINORS, level=LEVEL)
def test_what_is_mended_is_right(spec: dict[str, Any], notes: dict[str, Any], kind: str, minor: int, level: Level) -> None:
    """With all done that policies would do by themselves, nothing is refused but what nobody can do by himself."""
    made: Any = wrapped(kind, spec, annotations=notes)
    wrong = [(policy.name, one) for policy in POLICIES for one in found(policy, made, minor, level)[0]]
    assert {name for name, one in wrong if one.mended is None} <= UNMENDED
    for _, one in sorted(wrong, key=lambda named: [str(step).rjust(8) for step in named[1].at.steps], reverse=True):
        if one.mended is not None:
            made = changed(made, one.at.steps, one.mended)
    assert {policy.name for policy in POLICIES if found(policy, made, minor, level)[0]} <= UNMENDED


@settings(max_examples=50)
@given(spec=PODS, notes=NOTES, kind=ANY)
def test_each_violation_says_where_and_what_to_do(spec: dict[str, Any], notes: dict[str, Any], kind: str) -> None:
    """The fix names the field, or the list that something is in; and nothing is told twice."""
    for policy in POLICIES:
        refused, _ = found(policy, wrapped(kind, spec, annotations=notes))
        assert len({(one.at.path, one.reason) for one in refused}) == len(refused)
        for one in refused:
            where = one.at.path.rpartition("[")[0] if isinstance(one.at.key, int) else str(one.at.key)
            assert where in one.fix
            assert one.fix.endswith(".")
