"""States to and from their written form."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.backend import codec
from embedded.engine.backend.crypto import BlindSecrets
from embedded.engine.model import gojson
from embedded.engine.model.errors import AuthenticationError, EngineError, NotSupportedError
from embedded.engine.model.state import PendingOperation, Resource, Snapshot, Timeouts
from embedded.engine.model.values import (
    SIGNATURE,
    UNKNOWN,
    Archive,
    Asset,
    ByteString,
    Output,
    ResourceRef,
    Secret,
    same,
)

if TYPE_CHECKING:
    from embedded.engine.backend.crypto import PassphraseSecrets

SECRET = "1b47061264138c4ac30d75fd1eb44270"
URN = "urn:pulumi:dev::shop::a:b:C::c"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, None),
        ({"b": [1, True, "x", None], "a": {}}, {"a": {}, "b": [1, True, "x", None]}),
        (2.0, 2),
        (2.5, 2.5),
        (1e21, 1e21),
        (math.inf, {SIGNATURE: "8ad145fe-0d11-4827-bfd7-1abcbf086f5c", "value": "7ff0000000000000"}),
        (UNKNOWN, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"),
        (Asset("h", text="t"), {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "h", "text": "t"}),
        (Asset("h", path="p"), {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "h", "path": "p"}),
        (
            Archive("h", assets={"x": Asset("i", uri="u")}),
            {
                SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7",
                "assets": {"x": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "i", "uri": "u"}},
                "hash": "h",
            },
        ),
        (
            ResourceRef(URN, "i", "1.0"),
            {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "id": "i", "packageVersion": "1.0", "urn": URN},
        ),
        (ResourceRef(URN), {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "packageVersion": "", "urn": URN}),
        (ByteString(b"\xff"), {SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "/w=="}),
    ],
)
def test_values(value: Any, encoded: Any, secrets: PassphraseSecrets) -> None:
    """Each kind of value has its spelling, keys are sorted, and it reads back."""
    assert codec.encode_value(value, secrets) == encoded
    assert json.dumps(codec.encode_value(value, secrets)) == json.dumps(encoded)
    assert same(codec.decode_value(encoded, secrets), codec.decode_value(codec.encode_value(value, secrets), secrets))


def test_forgotten_secrets_are_not_kept(secrets: PassphraseSecrets) -> None:
    """A long-lived process does not gather the secrets of all its updates."""
    value = codec.decode_value(codec.encode_value([Secret("x"), Secret("y")], secrets), secrets)
    assert len(secrets.kept) == 2
    del value
    assert len(secrets.kept) == 0


def test_nan_reads_back(secrets: PassphraseSecrets) -> None:
    """What is not a number is kept by its bits."""
    assert math.isnan(codec.decode_value(codec.encode_value(math.nan, secrets), secrets))


def test_outputs_are_kept_as_their_values(secrets: PassphraseSecrets) -> None:
    """State knows no dependencies of values: an output is its value, its secret, or unknown."""
    assert codec.encode_value(Output(1), secrets) == 1
    assert codec.encode_value(Output(None, known=False), secrets) == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert codec.encode_value(Output(1, secret=True), secrets)[SIGNATURE] == SECRET


def test_secrets_are_encrypted_as_json(secrets: PassphraseSecrets) -> None:
    """The ciphertext holds the value's JSON; secrets inside are marked, but not encrypted twice."""
    encoded = codec.encode_value(Secret({"b": "<", "a": Secret(1)}), secrets)
    assert encoded.keys() == {SIGNATURE, "ciphertext"}
    assert secrets.decrypt(encoded["ciphertext"]) == f'{{"a":{{"{SIGNATURE}":"{SECRET}","ciphertext":"1"}},"b":"\\u003c"}}'
    assert same(codec.decode_value(encoded, secrets), Secret({"b": "<", "a": Secret(1)}))


def test_shown_secrets_are_plaintext(secrets: PassphraseSecrets) -> None:
    """An export with secrets shown holds them as JSON text, and reads back without a key."""
    encoded = codec.encode_value(Secret(["x", Secret(2)]), secrets, show_secrets=True)
    assert encoded == {SIGNATURE: SECRET, "plaintext": f'["x",{{"{SIGNATURE}":"{SECRET}","plaintext":"2"}}]'}
    assert same(codec.decode_value(encoded, BlindSecrets()), Secret(["x", Secret(2)]))


def test_an_unchanged_secret_keeps_its_ciphertext(secrets: PassphraseSecrets) -> None:
    """A value that was only read and written does not change the file; the same text elsewhere is encrypted anew."""
    encoded = codec.encode_value(Secret("x"), secrets)
    decoded = codec.decode_value(encoded, secrets)
    assert codec.encode_value(decoded, secrets) == encoded
    assert codec.encode_value(Secret("x"), secrets) != encoded


@pytest.mark.parametrize(
    "signed",
    [
        {SIGNATURE: SECRET},
        {SIGNATURE: SECRET, "ciphertext": "a", "plaintext": "b"},
        {SIGNATURE: "what is this"},
        {SIGNATURE: SECRET, "ciphertext": "v1:a:b"},
    ],
)
def test_malformed_values_are_refused(signed: dict[str, str], secrets: PassphraseSecrets) -> None:
    """A value that cannot be read is an error that names its resource."""
    with pytest.raises(EngineError):
        codec.decode_value(signed, secrets)
    with pytest.raises(EngineError, match=f"the state of {URN} cannot be read"):
        codec.decode_resource({"urn": URN, "custom": True, "type": "a:b:C", "inputs": {"x": signed}}, secrets)


def test_a_plain_resource_is_short(secrets: PassphraseSecrets) -> None:
    """What is empty or false is left out, except `custom`."""
    assert json.dumps(codec.encode_resource(Resource(URN, "a:b:C", custom=False), secrets)) == (
        f'{{"urn": "{URN}", "custom": false, "type": "a:b:C"}}'
    )


def full_resource() -> Resource:
    """A resource with every field set."""
    return Resource(
        urn=URN,
        type="a:b:C",
        custom=True,
        id="i",
        inputs={"y": 1, "x": Secret("s")},
        outputs={"z": [None]},
        parent="p",
        provider="q::r",
        dependencies=["d"],
        property_dependencies={"y": [], "x": ["d"]},
        protect=True,
        external=True,
        delete=True,
        pending_replacement=True,
        retain_on_delete=True,
        taint=True,
        deleted_with="w",
        replace_with=["v"],
        init_errors=["e"],
        additional_secret_outputs=["z"],
        aliases=["a"],
        custom_timeouts=Timeouts(create=300, read=1.5),
        import_id="m",
        ignore_changes=["x"],
        replace_on_changes=["y"],
        hide_diff=[["x", 0]],
        replacement_trigger=False,
        refresh_before_update=True,
        created="2026-01-01T00:00:00Z",
        modified="2026-01-02T00:00:00Z",
        source_position="project:///x.py#1",
        stack_trace=[{"sourcePosition": "project:///x.py#1"}, {}],
        extra={"future": 1, "snippetID": "s", "viewOf": "o"},
    )


def test_the_order_of_a_resources_keys(secrets: PassphraseSecrets) -> None:
    """The keys stand in the CLI's order; unknown ones are kept, at the end."""
    encoded = codec.encode_resource(full_resource(), secrets)
    assert list(encoded) == [
        *("urn", "custom", "delete", "id", "type", "inputs", "outputs", "parent", "protect", "taint", "external", "dependencies"),
        *("initErrors", "provider", "propertyDependencies", "pendingReplacement", "additionalSecretOutputs", "aliases", "customTimeouts"),
        *("importID", "retainOnDelete", "deletedWith", "replaceWith", "created", "modified", "sourcePosition", "stackTrace"),
        *("ignoreChanges", "hideDiff", "replaceOnChanges", "replacementTrigger", "refreshBeforeUpdate", "viewOf", "snippetID", "future"),
    ]
    assert encoded["customTimeouts"] == {"create": 300, "read": 1.5}
    assert list(encoded["propertyDependencies"]) == ["x", "y"]
    assert encoded["replacementTrigger"] is False


def test_a_full_resource_reads_back(secrets: PassphraseSecrets) -> None:
    """Nothing is lost or changed by writing and reading."""
    encoded = codec.encode_resource(full_resource(), secrets)
    assert codec.encode_resource(codec.decode_resource(encoded, secrets), secrets) == encoded


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ({"custom": True, "type": "t"}, "missing required 'urn'"),
        ({"urn": URN, "custom": True}, f"'{URN}' missing required 'type'"),
        ({"urn": URN, "type": "t", "custom": False, "id": "i"}, "'custom' false but non-empty ID"),
    ],
)
def test_incomplete_resources_are_refused(encoded: dict[str, Any], message: str) -> None:
    """A resource without what makes it one is an error."""
    with pytest.raises(EngineError, match=message):
        codec.decode_resource(encoded, BlindSecrets())


def test_a_missing_passphrase_stays_what_it_is() -> None:
    """A passphrase that is wrong is said as such, not as a damaged state."""

    class Locked(BlindSecrets):
        def decrypt(self, ciphertext: str) -> str:
            raise AuthenticationError(ciphertext)

    with pytest.raises(AuthenticationError):
        codec.decode_resource({"urn": URN, "type": "t", "inputs": {"x": {SIGNATURE: SECRET, "ciphertext": "c"}}}, Locked())


def test_a_snapshot_reads_back(secrets: PassphraseSecrets) -> None:
    """A deployment holds manifest, secrets provider, resources and pending operations, and the manifest's hash."""
    resource = Resource(URN, "a:b:C", custom=True, id="i", inputs={"x": Secret("s")})
    snapshot = Snapshot([resource], [PendingOperation(Resource(URN, "a:b:C", custom=True), "creating")])
    untyped = codec.encode_snapshot(snapshot, secrets)
    assert untyped["version"] == 3
    assert list(untyped["deployment"]) == ["manifest", "secrets_providers", "resources", "pending_operations", "metadata"]
    assert untyped["deployment"]["manifest"]["magic"] == codec.magic(untyped["deployment"]["manifest"]["version"])
    assert untyped["deployment"]["secrets_providers"] == {"type": "passphrase", "state": {"salt": secrets.salt}}
    again = codec.decode_snapshot(untyped, secrets)
    assert [r.urn for r in again.resources] == [URN]
    assert [(p.resource.urn, p.type) for p in again.pending] == [(URN, "creating")]
    assert same(again.resources[0].inputs, resource.inputs)


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        ({"taint": True}, "taint"),
        ({"replace_with": ["x"]}, "replaceWith"),
        ({"refresh_before_update": True}, "refreshBeforeUpdate"),
        ({"inputs": {"x": Secret([ByteString(b"\xff")])}}, "byteString"),
        ({"extra": {"viewOf": "x"}}, "views"),
        ({"extra": {"resourceHooks": {"beforeCreate": ["x"]}}}, "hooks"),
    ],
)
def test_features_make_version_four(change: dict[str, Any], feature: str, secrets: PassphraseSecrets) -> None:
    """A state that uses what older CLIs don't know says so, and reads back."""
    untyped = codec.encode_snapshot(Snapshot([Resource(URN, "a:b:C", custom=True, **change)]), secrets)
    assert (untyped["version"], untyped["features"]) == (4, [feature])
    assert codec.decode_snapshot(untyped, secrets).resources[0].urn == URN


@pytest.mark.parametrize("untyped", [{"version": 0, "deployment": None}, {"version": 3, "deployment": None}, {"version": 0}])
def test_a_new_stack_has_an_empty_snapshot(untyped: dict[str, Any]) -> None:
    """A stack that was never updated has no deployment."""
    assert codec.decode_snapshot(untyped, BlindSecrets()).resources == []


@pytest.mark.parametrize(
    ("untyped", "error"),
    [
        ({"version": 5, "deployment": {}}, EngineError),
        ({"version": 2, "deployment": {}}, NotSupportedError),
        ({"version": 4, "features": ["telepathy"], "deployment": {}}, NotSupportedError),
        ({"version": 3, "deployment": {"snippets": [{}]}}, NotSupportedError),
        ({"version": 3, "deployment": {"extensions": {"x": {}}}}, NotSupportedError),
    ],
)
def test_states_of_other_times_are_refused(untyped: dict[str, Any], error: type[EngineError]) -> None:
    """What this engine could not write back is not read."""
    with pytest.raises(error):
        codec.decode_snapshot(untyped, BlindSecrets())


class Plain(BlindSecrets):
    """Secrets that hide nothing."""

    def encrypt(self, text: str) -> str:
        return text

    def decrypt(self, ciphertext: str) -> str:
        return ciphertext


LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text() | st.just(UNKNOWN)
SPECIAL = (
    st.builds(Asset, st.just("h"), st.text(min_size=1))
    | st.builds(ByteString, st.binary())
    | st.builds(ResourceRef, st.just(URN), st.text(min_size=1))
)
VALUES = st.recursive(
    LEAVES | SPECIAL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3) | st.builds(Secret, inner),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_goes_round(value: Any) -> None:
    """Whatever a program can say is kept through writing, JSON and reading, and written the same again."""
    secrets = Plain()
    encoded = codec.encode_value(value, secrets)
    again = codec.decode_value(json.loads(gojson.dumps(encoded)), secrets)
    assert same(again, value)
    assert codec.encode_value(again, Plain()) == encoded
