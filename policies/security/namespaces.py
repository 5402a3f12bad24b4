"""Which namespace an object is in."""

from policies.judging import Subject


def namespace_of(subject: Subject) -> str:
    """The namespace that an object is in; reading one that isn't known yet says so."""
    return subject.at("metadata", "namespace").text or subject.defaults.get("namespace", "") or "default"
