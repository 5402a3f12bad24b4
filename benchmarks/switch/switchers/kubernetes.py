"""What the switchers that patch objects share: a client by a kubeconfig, and its errors in words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import yaml
from lightkube import ApiError, Client, KubeConfig
from lightkube.core.exceptions import ConfigError

from benchmarks.switch.switchers.switcher import SwitchError

if TYPE_CHECKING:
    from collections.abc import Iterator


def client(kubeconfig: str) -> Client:
    """A client of the cluster that a kubeconfig leads to: this one, $KUBECONFIG or the usual one."""
    path = Path(kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config").expanduser()
    try:
        return Client(config=KubeConfig.from_file(path), field_manager="benchmarks-switch")
    except (OSError, ConfigError, KeyError, TypeError, yaml.YAMLError) as error:
        raise SwitchError(f"{path} is no kubeconfig that can be used ({error}); name one: kubeconfig=FILE") from None


def named(text: str) -> tuple[str, str]:
    """NAMESPACE/NAME in its parts."""
    namespace, _, name = text.partition("/")
    if not namespace or not name or "/" in name:
        raise SwitchError(f"{text!r} is not NAMESPACE/NAME")
    return namespace, name


@contextmanager
def told(what: str) -> Iterator[None]:
    """What goes wrong inside, as an error of the switcher's."""
    try:
        yield
    except ApiError as error:
        raise SwitchError(f"{what}: {error.status.message or error}") from None
    except (httpx2.HTTPError, ConfigError) as error:
        raise SwitchError(f"{what}: {str(error) or type(error).__name__}") from None
