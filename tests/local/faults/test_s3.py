"""State in S3, through the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.local.faults.rig import there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.faults.rig import Rig

LOCKS = "team/.pulumi/locks/organization/shop/s3/"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks S3."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(rig: Rig, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a new bucket `state`, which is the rig's backend."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    rig.env["PULUMI_BACKEND_URL"] = f"s3://state/team?region=us-east-1&endpoint={endpoint}&disableSSL=true&s3ForcePathStyle=true"
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://{endpoint}")
    client.create_bucket(Bucket="state")
    yield client
    client.close()


def keys(client: Any, prefix: str) -> list[str]:
    """The bucket's keys under a prefix."""
    return [found["Key"] for found in client.list_objects_v2(Bucket="state", Prefix=prefix).get("Contents", [])]


def test_a_stacks_life(rig: Rig, bucket: Any) -> None:
    """From `stack init` to `stack rm`, with a secret, a lock that another holds, and one of a dead process."""
    rig.gated('a = Thing("a")\npulumi.export("x", pulumi.Output.secret(a.id))')
    rig.run("stack", "init", "s3").checked()
    rig.run("preview", "--stack", "s3").checked()
    up = ("up", "--yes", "--skip-preview", "--stack", "s3")
    first = rig.start(*up)
    there(rig.reached("create-a"), first)
    refused = rig.run(*up).checked(1)
    assert "the stack is currently locked by 1 lock(s)" in refused.err
    assert f"s3://state/{LOCKS}" in refused.err
    first.kill()
    assert len(keys(bucket, LOCKS)) == 1
    rig.open("all")
    assert "took over the lock" in rig.run(*up).checked().out
    assert keys(bucket, LOCKS) == []
    checkpoint = json.loads(bucket.get_object(Bucket="state", Key="team/.pulumi/stacks/shop/s3.json")["Body"].read())
    assert [r["urn"].rpartition("::")[2] for r in checkpoint["checkpoint"]["latest"]["resources"]] == ["shop-s3", "default", "a"]
    assert "id-a" not in json.dumps(checkpoint["checkpoint"]["latest"]["resources"][0])
    assert json.loads(rig.run("stack", "output", "--json", "--show-secrets", "--stack", "s3").checked().out) == {"x": "id-a"}
    (entry,) = json.loads(rig.run("stack", "history", "--json", "--stack", "s3").checked().out)
    assert (entry["kind"], entry["result"]) == ("update", "succeeded")
    rig.run("destroy", "--yes", "--skip-preview", "--stack", "s3").checked()
    rig.run("stack", "rm", "--yes", "s3").checked()
    assert keys(bucket, "team/.pulumi/stacks/shop/s3.json") == ["team/.pulumi/stacks/shop/s3.json.bak"]


def test_no_such_bucket(rig: Rig, bucket: Any) -> None:
    """A bucket that is not there is named."""
    assert bucket
    rig.env["PULUMI_BACKEND_URL"] = rig.env["PULUMI_BACKEND_URL"].replace("//state", "//nowhere")
    rig.up().refused("nowhere")
