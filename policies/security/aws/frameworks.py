"""The frameworks that these policies stand for, with the versions that their numbers are of."""

from policies.judging import Standard


def cis(*controls: str) -> Standard:
    """CIS' benchmark for Amazon's foundations."""
    return Standard("cis-aws", controls, "3.0.0")


def soc2(*controls: str) -> Standard:
    """The trust services criteria."""
    return Standard("soc2", controls)


def gdpr(*articles: str) -> Standard:
    """The regulation's articles, by their numbers."""
    return Standard("gdpr", tuple(f"Art. {article}" for article in articles))
