"""What keeps data, of Kubernetes and of AWS, and the labels or tags that it has."""

from collections.abc import Iterator

from policies.judging import Field, Subject

AWS = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketV2:BucketV2",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:docdb/cluster:Cluster",
    "aws:neptune/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:redshift/cluster:Cluster",
    "aws:opensearch/domain:Domain",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:efs/fileSystem:FileSystem",
    "aws:ebs/volume:Volume",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:kinesis/stream:Stream",
)
KUBERNETES = ("PersistentVolumeClaim", "StatefulSet")


def labels(subject: Subject) -> Iterator[Field]:
    """Where its labels or tags are: of a StatefulSet in each claim that it makes."""
    if subject.package == "aws":
        yield subject.at("tags")
    elif subject.kind == "StatefulSet":
        yield from (claim.at("metadata", "labels") for claim in subject.at("spec", "volumeClaimTemplates").items())
    else:
        yield subject.at("metadata", "labels")


def named(field: Field, names: tuple[str, ...]) -> Field | None:
    """The first of these labels that is there. One that isn't known yet is there."""
    return next((field.at(name) for name in names if not field.at(name).known or field.at(name).given), None)
