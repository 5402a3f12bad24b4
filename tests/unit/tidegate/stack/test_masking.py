"""Secrets are taken out of whatever is said, however they are written there."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.comparing import Values
from tidegate.stack.masking import Mask

_secrets = st.text(st.characters(codec="utf-8"), min_size=4, max_size=30).filter(lambda text: text.strip() == text)


@given(_secrets, _secrets, _secrets, st.text(max_size=5))
def test_no_form_of_a_secret_is_left(one: str, other: str, whole: str, around: str) -> None:
    """Those of sets, those in other keys, and the passphrase: as they are, in JSON, and as Kubernetes keeps them."""
    sets = {"keys": {"required": ["one"], "values": {"one": one}}}
    texts = {"tidegate:secrets": json.dumps(sets), "other:key": json.dumps({"a": [other]}), "more:key": whole}
    values = Values(texts, frozenset({"other:key", "more:key"}))
    mask = Mask(values, {"PULUMI_CONFIG_PASSPHRASE": "open sesame"})
    for secret in (one, other, whole, "open sesame"):
        for form in (secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()):
            said = mask(f"{around} {form} {around}")
            assert "[secret]" in said
            assert form not in said.replace("[secret]", "")


def test_what_is_no_secret_stays() -> None:
    """Names of sets and keys, what is too short to be hidden, and all else."""
    sets = '{"keys": {"required": ["token"], "values": {"token": "abc"}}}'
    values = Values({"tidegate:secrets": sets, "tidegate:services": '{"web": 1}'})
    text = "keys.token of web isn't abc"
    assert Mask(values, {})(text) == text
    assert Mask(None, {"HOME": "/root"})("/root") == "/root"
