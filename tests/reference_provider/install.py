"""Makes the reference provider a plugin, for any engine: a folder of $PULUMI_HOME/plugins with an executable."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "1.0.0"


def install(home: Path, python: str = sys.executable) -> Path:
    """Install into a PULUMI_HOME; the answer is the plugin's folder. Programs find the SDK with `HERE` on PYTHONPATH."""
    folder = home / "plugins" / f"resource-reference-v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pulumi-resource-reference"
    script.write_text(f'#!/bin/sh\nexec "{python}" -u "{HERE / "provider.py"}" "$@"\n')
    script.chmod(0o755)
    return folder


if __name__ == "__main__":
    install(Path(sys.argv[1]))
