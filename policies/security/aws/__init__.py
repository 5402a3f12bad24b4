"""What Amazon keeps for us is closed, encrypted, and written down."""

from policies.judging import Policy
from policies.security.aws.administrator_access import iam_administrator_access
from policies.security.aws.administrators import iam_administrators
from policies.security.aws.bucket_encryption import s3_encryption
from policies.security.aws.bucket_logging import s3_logging
from policies.security.aws.bucket_tls import s3_tls_only
from policies.security.aws.bucket_versioning import s3_versioning
from policies.security.aws.cluster_endpoints import eks_endpoints
from policies.security.aws.cluster_logs import eks_logging
from policies.security.aws.cluster_secrets import eks_secrets_encryption
from policies.security.aws.database_backups import rds_backups
from policies.security.aws.database_deletion import rds_deletion_protection
from policies.security.aws.database_encryption import rds_encryption
from policies.security.aws.database_zones import rds_multi_az
from policies.security.aws.default_groups import default_security_groups
from policies.security.aws.escalations import iam_escalation
from policies.security.aws.image_scanning import ecr_scanning
from policies.security.aws.immutable_tags import ecr_immutable_tags
from policies.security.aws.key_rotation import kms_rotation
from policies.security.aws.open_ports import open_security_groups
from policies.security.aws.public_access_blocks import s3_public_access_blocks
from policies.security.aws.public_bucket_lists import s3_public_acls
from policies.security.aws.public_bucket_policies import s3_public_policies
from policies.security.aws.public_databases import rds_public
from policies.security.aws.public_keys import kms_public_keys
from policies.security.aws.public_repositories import ecr_public_repositories
from policies.security.aws.trail_encryption import cloudtrail_encryption
from policies.security.aws.trail_regions import cloudtrail_everywhere
from policies.security.aws.trail_validation import cloudtrail_validation
from policies.security.aws.trusts import iam_trusts
from policies.security.aws.users_own_policies import iam_users_own_policies
from policies.security.aws.volumes import volume_encryption
from policies.security.aws.wildcard_actions import iam_wildcards

POLICIES: tuple[Policy, ...] = (
    s3_public_access_blocks,
    s3_public_acls,
    s3_public_policies,
    s3_encryption,
    s3_versioning,
    s3_tls_only,
    s3_logging,
    rds_encryption,
    rds_backups,
    rds_multi_az,
    rds_deletion_protection,
    rds_public,
    eks_endpoints,
    eks_secrets_encryption,
    eks_logging,
    open_security_groups,
    default_security_groups,
    volume_encryption,
    iam_administrators,
    iam_wildcards,
    iam_escalation,
    iam_trusts,
    iam_users_own_policies,
    iam_administrator_access,
    kms_rotation,
    kms_public_keys,
    ecr_scanning,
    ecr_immutable_tags,
    ecr_public_repositories,
    cloudtrail_everywhere,
    cloudtrail_validation,
    cloudtrail_encryption,
)
