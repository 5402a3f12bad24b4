"""A cluster and a user of a kubeconfig as an HTTP client: TLS, credentials, proxy, timeouts.

Credentials are a token, a token's file, a name and password, a client certificate, or a command that gives one of those (`exec`, as the
clouds' kubeconfigs have it). They are never part of a message.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import tempfile
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.lean import httpx
from embedded.providers.kubernetes.kubeconfig import KubeconfigError
from embedded.providers.kubernetes.pooling import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from embedded.providers.kubernetes.kubeconfig import Target

    Obj = dict[str, Any]

# An API server gives up on a request after a minute.
REQUEST_SECONDS: Final = 65.0
CONNECT_SECONDS: Final = 10.0
EXEC_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 30.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EXEC_VERSIONS: Final = frozenset(f"client.authentication.k8s.io/{v}" for v in ("v1", "v1beta1", "v1alpha1"))


async def connect(target: Target, user_agent: str, timeout: float = REQUEST_SECONDS) -> httpx.AsyncClient:
    """A client of the target's API server. Nothing is sent yet, but an `exec` command that gives a certificate is run."""
    server = target.cluster.get("server")
    if not server:
        raise KubeconfigError("the kubeconfig's cluster has no server")
    user = dict(target.user)
    auth = await _credentials(user, target.cluster)
    headers = {"User-Agent": user_agent}
    if impersonated := user.get("as"):
        headers["Impersonate-User"] = impersonated
    tls = _tls(target.cluster, user) if server.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy = target.cluster.get("proxy-url") or _proxy(server)
    one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)
    return httpx.AsyncClient(
        base_url=server,
        auth=auth,
        headers=headers,
        transport=Pool(lambda: httpx.AsyncHTTPTransport(verify=tls, trust_env=False, proxy=proxy, limits=one)),
        # Nothing of the environment but its proxies: a ~/.netrc has no business here.
        trust_env=False,
        timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
    )


async def _credentials(user: Obj, cluster: Obj) -> httpx.Auth | None:
    """How requests are signed. What an `exec` command gives as a certificate becomes the user's."""
    if user.get("tokenFile"):
        return TokenFile(Path(user["tokenFile"]))
    if user.get("token"):
        return Bearer(user["token"])
    if user.get("username"):
        return httpx.BasicAuth(user["username"], user.get("password") or "")
    if user.get("exec"):
        command = Exec(user["exec"], cluster)
        status = await command.status()
        if status.get("clientCertificateData"):
            for name in ("Certificate", "Key"):
                pem = str(status.get(f"client{name}Data") or "")
                user[f"client-{name.lower()}-data"] = base64.b64encode(pem.encode()).decode()
        return command if status.get("token") else None
    if user.get("auth-provider"):
        raise KubeconfigError("the kubeconfig's user has an `auth-provider`, which Kubernetes has dropped; use an `exec` plugin")
    return None


class Bearer(httpx.Auth):
    """A token."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request."""
        request.headers["Authorization"] = self._header
        yield request


class TokenFile(httpx.Auth):
    """A token that something renews in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header = ""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request; read the file again if the server doesn't take the token any more."""
        self._header = self._header or self._read()
        request.headers["Authorization"] = self._header
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._header = request.headers["Authorization"] = self._read()
            yield request

    def _read(self) -> str:
        try:
            return f"Bearer {self._path.read_text().strip()}"
        except OSError as error:
            raise KubeconfigError(f"can't read the token file {self._path}: {error.strerror}") from error


class Exec(httpx.Auth):
    """A command that gives a token for some time."""

    def __init__(self, settings: Obj, cluster: Obj) -> None:
        self._settings, self._cluster = settings, cluster
        self._status: Obj | None = None
        self._lock = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request; run the command again if the token has ended or isn't taken."""
        status = await self.status()
        request.headers["Authorization"] = f"Bearer {status.get('token', '')}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            status = await self.status(unlike=status)
            request.headers["Authorization"] = f"Bearer {status.get('token', '')}"
            yield request

    async def status(self, unlike: Obj | None = None) -> Obj:
        """What the command gave; it is run if it hasn't been, if that has ended, or if it still is `unlike`."""
        async with self._lock:
            if self._status is None or self._status is unlike or _ended(self._status):
                self._status = await self._run()
            return self._status

    async def _run(self) -> Obj:
        version, command = self._settings.get("apiVersion"), self._settings.get("command")
        if version not in _EXEC_VERSIONS or not command:
            raise KubeconfigError(f"the kubeconfig's `exec` has the API version '{version}', which is not known, or no command")
        info: Obj = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
        if self._settings.get("provideClusterInfo"):
            data = {"server": self._cluster.get("server"), "certificate-authority-data": self._cluster.get("certificate-authority-data")}
            info["spec"]["cluster"] = {k: v for k, v in data.items() if v}
        env = os.environ | {e["name"]: e["value"] for e in self._settings.get("env") or []} | {"KUBERNETES_EXEC_INFO": json.dumps(info)}
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                command, *(self._settings.get("args") or []), env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            hint = self._settings.get("installHint")
            raise KubeconfigError(
                f"can't run the kubeconfig's command '{command}': {error.strerror}" + (f"\n{hint}" if hint else "")
            ) from error
        try:
            out, err = await asyncio.wait_for(process.communicate(), EXEC_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise KubeconfigError(f"the kubeconfig's command '{command}' gave no credentials within {EXEC_SECONDS:g} s") from None
        if process.returncode:
            raise KubeconfigError(
                f"the kubeconfig's command '{command}' ended with {process.returncode}: {err.decode(errors='replace').strip()}"
            )
        try:
            status = json.loads(out)["status"]
        except (ValueError, KeyError, TypeError):
            raise KubeconfigError(f"the kubeconfig's command '{command}' gave no ExecCredential with a status") from None
        if not isinstance(status, dict):
            raise KubeconfigError(f"the kubeconfig's command '{command}' gave no ExecCredential with a status")
        return status


def _ended(status: Obj) -> bool:
    stamp = status.get("expirationTimestamp")
    if not stamp:
        return False
    return datetime.fromisoformat(stamp) - timedelta(seconds=10) <= datetime.now(UTC)


def _tls(cluster: Obj, user: Obj) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    try:
        if authority:
            context = ssl.create_default_context(cadata=base64.b64decode(authority).decode("ascii"))
        else:
            context = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        _present(context, user)
    except (OSError, ValueError) as error:
        raise KubeconfigError(f"the kubeconfig's certificates can't be used: {error}") from error
    return context


def _present(context: ssl.SSLContext, user: Obj) -> None:
    """Have the context present the user's certificate. Python takes it from files only."""
    if not (user.get("client-certificate-data") or user.get("client-certificate")):
        return
    with tempfile.TemporaryDirectory(prefix="kubernetes-") as folder:
        paths: list[str] = []
        for name in ("client-certificate", "client-key"):
            path = Path(folder) / name
            data = user.get(f"{name}-data")
            if data:
                path.touch(mode=0o600)
                path.write_bytes(base64.b64decode(data))
            paths.append(str(path) if data else user.get(name) or "")
        context.load_cert_chain(*paths)


def _proxy(server: str) -> str | None:
    """The environment's proxy for the server; never for this machine."""
    parts = urllib.parse.urlsplit(server)
    host = parts.hostname or ""
    if host in _LOOPBACK or urllib.request.proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
