"""What a command waits for before it does anything: only what it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

HEAVY: Final = ("pulumi", "pulumi_kubernetes", "grpc", "rich", "pygments", "httpx._main", "cryptography", "jwt", "lightkube")


def test_looking_at_a_stack_imports_little(repository: object) -> None:
    """`tidegate status --json` takes less than a second for hundreds of services: imports of what others need would take another."""
    code = f"import sys, tidegate.cli.app, tidegate.driver.opening, tidegate.stack.inside; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=str(repository), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
