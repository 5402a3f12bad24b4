"""An S3 bucket as a backend, against moto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from embedded.engine.backend.bucket import open_bucket
from embedded.engine.backend.checkpoint import CheckpointWriter
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.backend.s3 import S3Bucket
from embedded.engine.model.errors import AuthenticationError, ConfigurationError, EngineError, LockedError
from embedded.engine.model.state import Resource, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.backend.crypto import PassphraseSecrets

URL = "s3://state/team/a?region=us-east-1"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a bucket `state` that exists in this process alone."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="state")
        yield client


@pytest.fixture
def bucket(client: Any) -> S3Bucket:
    """A prefix of the bucket."""
    assert client
    return S3Bucket.open(URL)


def test_objects_are_under_the_prefix(bucket: S3Bucket, client: Any) -> None:
    """What is written is under the URL's prefix, reads back, and is listed without it."""
    bucket.write("x/y.json", b"one")
    bucket.write("x/y.json", b"two")
    assert client.get_object(Bucket="state", Key="team/a/x/y.json")["Body"].read() == b"two"
    assert bucket.read("x/y.json") == b"two"
    assert [(e.key, e.size) for e in bucket.entries("x/")] == [("x/y.json", 3)]
    assert bucket.entries("x/y.json")[0].modified > 0
    assert bucket.locate("x") == "s3://state/team/a/x"


def test_missing_objects(bucket: S3Bucket) -> None:
    """A missing object is told apart from a failure; deleting it is fine."""
    assert not bucket.exists("x")
    bucket.delete("x")
    with pytest.raises(FileNotFoundError):
        bucket.read("x")
    with pytest.raises(FileNotFoundError):
        bucket.copy("x", "y")


def test_copies(bucket: S3Bucket) -> None:
    """A copy, and what is kept, has the source's bytes."""
    bucket.write("a b+c.json", b"1")
    bucket.copy("a b+c.json", "b")
    bucket.keep("a b+c.json", "c")
    bucket.write("a b+c.json", b"2")
    assert (bucket.read("b"), bucket.read("c")) == (b"1", b"1")
    assert bucket.exists("b")


@pytest.mark.parametrize("count", [0, 1, pytest.param(1001, marks=pytest.mark.matrix)])
def test_listings_of_many_pages(bucket: S3Bucket, count: int) -> None:
    """S3 lists a thousand objects at a time; all are found, sorted, and those of other prefixes are not."""
    for n in range(count):
        bucket.write(f"many/{n:04}", b"")
    bucket.write("man", b"")
    assert [e.key for e in bucket.entries("many/")] == [f"many/{n:04}" for n in range(count)]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://", "names no bucket"),
        ("s3://state?colour=red", "unknown parameters colour"),
        ("s3://state?profile=nobody", "cannot be opened"),
    ],
)
def test_urls_that_make_no_sense(url: str, message: str) -> None:
    """A mistyped URL is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match=message):
        open_bucket(url)


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ("region=us-east-1&endpoint=http://127.0.0.1:9&s3ForcePathStyle=true", "http://127.0.0.1:9"),
        ("region=us-east-1&endpoint=127.0.0.1:9&disableSSL=true", "http://127.0.0.1:9"),
        ("region=us-east-1&endpoint=127.0.0.1:9", "https://127.0.0.1:9"),
        ("region=eu-west-1", "https://s3.eu-west-1.amazonaws.com"),
    ],
)
def test_endpoints(options: str, endpoint: str) -> None:
    """Other services that speak S3 are reached by their endpoint, with or without TLS."""
    assert S3Bucket.open(f"s3://state?{options}")._client.meta.endpoint_url == endpoint


def test_failures_say_what_and_where(bucket: S3Bucket, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that is not there, and credentials that are not, are told."""
    client.delete_bucket(Bucket="state")
    with pytest.raises(EngineError, match="could not write s3://state/team/a/x: The specified bucket does not exist"):
        bucket.write("x", b"")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws(config={"core": {"mock_credentials": False}}), pytest.raises(AuthenticationError, match="no AWS credentials were found"):
        S3Bucket.open(URL).read("x")


def test_a_stacks_life(client: Any, secrets: PassphraseSecrets) -> None:
    """A stack is made, written, locked, renamed and removed as in a folder."""
    assert client
    backend = Backend.open(URL)
    dev, prod = StackName("shop", "dev"), StackName("shop", "prod")
    backend.create(dev)
    with backend.lock(dev):
        writer = CheckpointWriter(backend, dev, secrets, Snapshot())
        writer.write([Resource("urn:pulumi:dev::shop::a:b:C::c", "a:b:C", custom=True, id="1")])
        writer.write([Resource("urn:pulumi:dev::shop::a:b:C::c", "a:b:C", custom=True, id="2")])
        backend.add_history(dev, {"message": "m"})
        backend.backup(dev)
        with pytest.raises(LockedError, match=r"s3://state/team/a/.pulumi/locks/organization/shop/dev/"), Backend.open(URL).lock(dev):
            pass
    backend.rename(dev, prod)
    assert Backend.open(URL).stacks() == [prod]
    assert [e["message"] for e in backend.history(prod)] == ["m"]
    backend.remove(prod, force=True, remove_backups=True)
    assert [e.key for e in backend.bucket.entries("")] == [".pulumi/meta.yaml", ".pulumi/stacks/shop/dev.json.bak"]
