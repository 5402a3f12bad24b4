"""Dynamic providers inside this process: the SDK's own servicer, without a Python of its own and without gRPC.

The SDK's module starts a server when it is run, and keeps deserialized providers, with their configuration, for ever; so each
provider instance here gets its own copy of the module's names, made from its source without that last call.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Final

from embedded.engine.hosts.local import LocalConnection
from embedded.engine.hosts.provider import GrpcProvider

if TYPE_CHECKING:
    from types import CodeType

    from embedded.engine.model.ports import Log, PackageRef, Provider, RunInfo

PACKAGE: Final = "pulumi-python"
MODULE: Final = "pulumi.dynamic.__main__"
# As many resource operations at once as a dynamic provider may be asked for.
THREADS: Final = 32


def in_process(package: PackageRef, run: RunInfo, log: Log) -> Provider:
    """A dynamic provider that runs in threads of this process."""
    module = ModuleType("embedded_dynamic_provider")
    exec(_code(), module.__dict__)  # noqa: S102 - the SDK's own source
    # The servicer asks its environment for the project's name, as its own process would have it.
    vars(module)["os"] = SimpleNamespace(environ={"PULUMI_PROJECT": run.project})
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="dynamic-provider")
    # Providers are deserialized by reference where their module can be imported: from the project's folder.
    sys.path.append(run.root_directory)

    def closed() -> None:
        sys.path.remove(run.root_directory)
        executor.shutdown(wait=False, cancel_futures=True)

    servicer = module.DynamicResourceProviderServicer()
    return GrpcProvider(package.name, LocalConnection(servicer, executor, closed), log, elides_assets=False)


@functools.cache
def _code() -> CodeType:
    spec = importlib.util.find_spec(MODULE)
    assert spec is not None  # noqa: S101 - pulumi is a dependency
    assert spec.origin is not None  # noqa: S101 - and is not frozen
    with open(spec.origin, encoding="utf-8") as file:  # noqa: PTH123 - `origin` is text
        tree = ast.parse(file.read())
    tree.body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Call))]
    return compile(tree, spec.origin, "exec")
