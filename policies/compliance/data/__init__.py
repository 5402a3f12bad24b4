"""What holds of data: where they are, how long, how confidential, and that nobody reads them on their way."""

from policies.compliance.data.backup_retention import backup_retention
from policies.compliance.data.classification import data_classification
from policies.compliance.data.encryption_at_rest import encryption_at_rest
from policies.compliance.data.encryption_in_transit import encryption_in_transit
from policies.compliance.data.log_retention import log_retention
from policies.compliance.data.regions import data_regions
from policies.compliance.data.retention_labels import retention_labels
from policies.judging import Policy

POLICIES: tuple[Policy, ...] = (
    data_regions,
    retention_labels,
    data_classification,
    log_retention,
    backup_retention,
    encryption_at_rest,
    encryption_in_transit,
)
