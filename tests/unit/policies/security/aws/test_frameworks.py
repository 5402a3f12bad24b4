"""The frameworks, by the names and versions that everybody uses."""

from __future__ import annotations

from policies.judging import Standard
from policies.security.aws import frameworks


def test_frameworks() -> None:
    """As they are told, and reported."""
    assert frameworks.cis("1.15", "1.16") == Standard("cis-aws", ("1.15", "1.16"), "3.0.0")
    assert frameworks.soc2("CC6.1") == Standard("soc2", ("CC6.1",))
    assert frameworks.gdpr("25", "32") == Standard("gdpr", ("Art. 25", "Art. 32"))
