"""Who needs whom, and in which order things go."""

from __future__ import annotations

from embedded.engine.deploy import graph
from embedded.engine.deploy.journal import rewrite_references
from embedded.engine.model.state import Resource


def urn(name: str) -> str:
    """A URN that is easy to read."""
    return f"urn:pulumi:s::p::t:t:T::{name}"


def thing(name: str, *needs: str, parent: str = "", custom: bool = True, provider: str = "") -> Resource:
    """A resource that depends on others."""
    return Resource(
        urn(name),
        "t:t:T",
        custom,
        id=name,
        dependencies=[urn(n) for n in needs],
        parent=urn(parent) if parent else "",
        provider=f"{urn(provider)}::id" if provider else "",
    )


def order(*resources: Resource) -> list[set[str]]:
    """The groups of a deletion of everything, by name."""
    return [{r.id for r in group} for group in graph.deletion_order(resources, resources)]


def test_deletes_dependents_first() -> None:
    """Nothing is deleted before what needs it; what is unrelated goes together."""
    assert order(thing("a"), thing("b", "a"), thing("c", "b"), thing("d", "a")) == [{"c"}, {"b", "d"}, {"a"}]


def test_deletes_children_before_parents_and_providers_last() -> None:
    """A child needs its parent, and everything needs its provider."""
    assert order(thing("p"), thing("a", provider="p"), thing("b", parent="a", provider="p")) == [{"b"}, {"a"}, {"p"}]


def test_depending_on_a_component_is_depending_on_its_descendants() -> None:
    """What depends on a component goes before the component's children."""
    resources = (thing("box", custom=False), thing("inner", parent="box"), thing("user", "box"))
    assert order(*resources) == [{"user"}, {"inner"}, {"box"}]


def test_what_was_renamed_is_known_by_both_names() -> None:
    """What is replaced under another name goes after what needs it, which may name it either way; so does what is below it."""
    resources = (thing("a"), thing("box", custom=False), thing("inner", parent="box"), thing("b", "new"), thing("c", "a", "new-box"))
    renamed = {urn("a"): urn("new"), urn("box"): urn("new-box")}
    groups = graph.deletion_order(resources, resources, renamed)
    assert [{r.id for r in group} for group in groups] == [{"c"}, {"b", "inner"}, {"a", "box"}]


def test_finds_dependents_through_one_another() -> None:
    """Dependents are found in snapshot order, through those in between, and around the ignored."""
    resources = [thing("a"), thing("b", "a"), thing("c", "b"), thing("x"), thing("d", "c")]
    assert [r.id for r in graph.dependents(resources, resources[0])] == ["b", "c", "d"]
    assert [r.id for r in graph.dependents(resources, resources[0], {urn("c")})] == ["b"]


def test_rewrites_every_kind_of_reference() -> None:
    """When a resource takes another's place, all that named the old one names the new one."""
    resource = thing("r", "old", parent="old", provider="old")
    resource.property_dependencies = {"k": [urn("old"), urn("x")]}
    resource.deleted_with, resource.replace_with = urn("old"), [urn("old")]
    rewrite_references(resource, urn("old"), urn("new"))
    assert graph.references(resource) == {urn("new"), urn("x")}
