"""The components as a package that programs in any of Pulumi's languages can use; see docs/components.md."""

import sys
from pathlib import Path


def serve() -> None:
    """Serve the package as an engine asks for it."""
    from pulumi.provider.experimental import component_provider_host

    from components.package import COMPONENTS, NAME

    component_provider_host(components=COMPONENTS, name=NAME)


if __name__ == "__main__":
    # A plugin is started by its folder, which then comes first: its `secrets` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    serve()
