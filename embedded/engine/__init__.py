"""A Pulumi engine in Python: Pulumi's own protocol, state files, secrets and policy packs.

Layers: command > api > operation > monitor > deploy > hosts, backend, settings, display > model.
"""

from typing import Final

# The release of the Pulumi CLI whose behaviour, state files and protocol this engine follows.
ENGINE_VERSION: Final = "3.260.0"
