"""Buckets, and the resources apart that say more about one: which of these is about which bucket."""

from collections.abc import Iterable, Iterator

from policies.judging import Field, Stack, Subject

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def token(name: str) -> str:
    """Pulumi's name of a type of S3's: `BucketPolicy`."""
    return f"aws:s3/{name[0].lower()}{name[1:]}:{name}"


def buckets(stack: Stack) -> tuple[Subject, ...]:
    """All buckets, under the type's new name and its old one."""
    return stack.of(*BUCKETS)


def about(stack: Stack, bucket: Subject, *names: str) -> Iterator[Subject]:
    """The resources of these types that are about that bucket. If none is, and of one it isn't known yet, reading that says so."""
    found = False
    unsure: list[Subject] = []
    for one in stack.of(*map(token, names)):
        made_of = one.comes_from("bucket")
        if made_of:
            if bucket.urn in made_of:
                found = True
                yield one
        elif not one.at("bucket").known:
            unsure.append(one)
        elif _named(bucket, one.at("bucket").text):
            found = True
            yield one
    yield from (one for one in unsure if not found and one.at("bucket").given)


def own(bucket: Subject, *names: str) -> Iterator[Field]:
    """What the bucket itself says. What it doesn't, Amazon fills in: in preview that isn't known, and says nothing."""
    return (bucket.at(name) for name in names if bucket.gives(name))


def is_target(stack: Stack, bucket: Subject) -> bool:
    """Whether others' access logs are written to it."""
    fields = [one.at("targetBucket") for one in stack.of(token("BucketLogging"), token("BucketLoggingV2"))]
    for other in buckets(stack):
        fields += [other.at("logging", "targetBucket"), other.at("loggings", 0, "targetBucket")]
    return any(_leads_to(field, bucket) for field in fields)


def _leads_to(field: Field, bucket: Subject) -> bool:
    made_of = field.subject.comes_from(str(field.steps[0]))
    return bucket.urn in made_of if made_of else field.known and bool(field.text) and _named(bucket, field.text)


def _named(bucket: Subject, name: str) -> bool:
    return name in {field.text for field in _names(bucket)}


def _names(bucket: Subject) -> Iterable[Field]:
    return (field for field in (bucket.at("bucket"), bucket.at("id"), bucket.at("arn")) if field.known and field.text)
