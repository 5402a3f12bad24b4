"""Secrets: none where everybody reads them."""

from policies.security.secrets.annotation_secrets import annotation_secrets
from policies.security.secrets.config_map_secrets import config_map_secrets
from policies.security.secrets.plain_secrets import plain_secrets

POLICIES = (plain_secrets, config_map_secrets, annotation_secrets)
