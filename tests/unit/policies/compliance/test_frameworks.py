"""The frameworks, by the names and versions that everybody uses."""

from __future__ import annotations

from policies.compliance import frameworks
from policies.judging import Standard


def test_frameworks() -> None:
    """As they are told, and reported."""
    assert frameworks.cis_aws("1.8", "1.9") == Standard("cis-aws", ("1.8", "1.9"), "3.0.0")
    assert frameworks.cis_kubernetes("5.7.4") == Standard("cis-kubernetes", ("5.7.4",), "1.9")
    assert frameworks.soc2("CC6.1") == Standard("soc2", ("CC6.1",))
    assert frameworks.gdpr("5(1)(e)", "32") == Standard("gdpr", ("Art. 5(1)(e)", "Art. 32"))
