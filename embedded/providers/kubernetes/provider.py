"""The kubernetes provider as the engine sees it: all `kubernetes:*` types by the API server's own account of them.

Where the configuration isn't known yet (a preview that creates the cluster too), nothing is asked of a cluster and outputs are unknown.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from embedded.engine.model import urn as urns
from embedded.engine.model.ports import Checked, CheckFailure, Created, Diff, Invoked, ProviderError, ReadResult
from embedded.engine.model.values import Secret, has_secret, has_unknown, unwrap_secrets
from embedded.providers.kubernetes import awaiting, deleting, diffing, making, manifests, reading, recovering, replacing, settings, updating
from embedded.providers.kubernetes.cluster import Cluster
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError
from embedded.providers.kubernetes.job import Job, kind_of
from embedded.providers.kubernetes.naming import has_name, named
from embedded.providers.kubernetes.normalizing import normalized
from embedded.providers.kubernetes.objects import (
    REPLACE_UNREADY,
    group_of,
    is_crd,
    is_true,
    marked,
    metadata_of,
    namespace_of,
    to_object,
)
from embedded.providers.kubernetes.outputs import Checkpoint

if TYPE_CHECKING:
    from embedded.engine.model.ports import Constructed, ConstructOptions, Log, RunInfo
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.replacing import Obj

_UNREACHABLE: Final = "the cluster can't be reached: {}"
_GONE: Final = (
    "{} If the cluster was deleted, its resources can be removed from the state: run the command again with the environment variable "
    'PULUMI_K8S_DELETE_UNREACHABLE set to "true".'
)
_WAIT_FOR: Final = 'metadata.annotations["pulumi.com/waitFor"]'
_DECODE: Final = "kubernetes:yaml:decode"
_INSTEAD: Final = {
    "kubernetes:helm.sh/v3:Release": "render the chart to YAML with `helm template`, and use kubernetes:yaml:ConfigFile",
    "kubernetes:helm.sh/v4:Chart": "render the chart to YAML with `helm template`, and use kubernetes:yaml:ConfigFile",
    "kubernetes:helm:template": "render the chart to YAML with `helm template`, and use kubernetes:yaml:ConfigFile",
    "kubernetes:kustomize/v2:Directory": "render it with `kubectl kustomize`, and use kubernetes:yaml:ConfigFile",
    "kubernetes:kustomize:directory": "render it with `kubectl kustomize`, and use kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigFile": "use kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup": "use kubernetes:yaml:ConfigGroup",
}


class KubernetesProvider:
    """One configured instance."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._settings = settings.Settings()
        self._cluster: Cluster | None = None
        self._cancelled = asyncio.Event()
        self._missing: set[str] = set()

    @property
    def supports_preview(self) -> bool:
        """Whether creates and updates can be tried on the server."""
        return self._cluster is not None

    # Configuration

    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked:
        """The configuration, with what this provider can't do."""
        del olds, allow_unknowns
        return settings.checked(urn, news)

    async def diff_config(self, urn: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """Whether the configuration leads to another cluster."""
        del urn, old_outputs, ignore
        return settings.difference(old_inputs, news)

    async def configure(self, urn: str, id_: str, inputs: Values) -> None:
        """Take the configuration; a cluster is not asked before it is needed."""
        del urn, id_
        config = {k: v for k, v in inputs.items() if k != "version"}
        if not has_unknown(config):
            self._settings = settings.parsed(config)
            self._cluster = Cluster(self._settings)

    # Resources

    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked:
        """The inputs in normal form, with a name and a namespace."""
        _refuse(urns.type_of(urn))
        if self._cluster is None:
            return Checked(news)
        job = self._job(urn)
        if self._settings.skip_update_unreachable and olds and await self._unreachable():
            job.say("warning", "the cluster is unreachable, and skipUpdateUnreachable is set: the resource is left as it is")
            return Checked(olds)
        old, new = to_object(olds), normalized(to_object(news))
        _refuse_shape(urn, new, is_patch=job.is_patch(new))
        new = await _placed(self._cluster, urn, named(new, old, urns.name_of(urn), seed), old)
        if is_crd(new):
            self._cluster.discovery.announce(new)
        for doubt in awaiting.doubts(new):
            job.say("warning", doubt)
        failures = tuple(CheckFailure(_WAIT_FOR, problem) for problem in awaiting.problems(new))
        return Checked(marked(new, news), failures)

    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """What an update would change, and whether it takes a new object. No request is made for that."""
        if self._cluster is None:
            self._log("warning", "the provider's configuration is not known yet: whether this resource changes can't be said", urn=urn)
            return Diff(changes=True)
        job = self._job(urn)
        old, new = Checkpoint(old_outputs), normalized(to_object(news))
        before = normalized(old.inputs or to_object(old_inputs))
        wanted = replacing.IDENTITY if job.is_patch(new) else replacing.patterns(new, self._settings.mutable)
        found = diffing.diff(old.identity, before, new, wanted, ignore)
        if is_true(new, REPLACE_UNREADY) and await self._is_unready(job, id_, new):
            replaces = (*found.replaces, f"metadata.annotations[{REPLACE_UNREADY!r}]".replace("'", '"'))
            return replace(found, changes=True, replaces=replaces, delete_before_replace=diffing.keeps_name(old.identity, new))
        return found

    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created:
        """Create the object."""
        if self._cluster is None and preview:
            return Created("", {})
        return await making.create(self._job(urn, timeout, preview=preview), news, self._missing)

    async def recover(self, urn: str, begun: Values, news: Values, timeout: float) -> Created:
        """Create the object, or take over what an interrupted update created with the inputs `begun`."""
        return await recovering.recover(self._job(urn, timeout), begun, news)

    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult:
        """What is there now."""
        _refuse(urns.type_of(urn))
        if self._cluster is None:
            return ReadResult("", {}, {})
        job = self._job(urn, timeout)
        try:
            return await reading.read(job, id_, inputs, outputs)
        except UnreachableError as error:
            job.say("warning", _UNREACHABLE.format(error))
            if self._settings.delete_unreachable:
                job.say("info", "deleteUnreachable is set: the resource is removed from the state")
                return reading.GONE
            if self._settings.skip_update_unreachable:
                return ReadResult(id_, outputs, inputs)
            raise ProviderError(_GONE.format(f"reading resource {urn} failed: {error}.")) from error

    async def update(
        self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, timeout: float, ignore: list[str], *, preview: bool
    ) -> Values:
        """Bring the object to the new inputs."""
        del old_inputs
        if self._cluster is None and preview:
            return {}
        return await updating.update(self._job(urn, timeout, preview=preview), id_, old_outputs, news, ignore)

    async def delete(self, urn: str, id_: str, inputs: Values, outputs: Values, timeout: float) -> None:
        """Delete the object."""
        _refuse(urns.type_of(urn))
        job = self._job(urn, timeout)
        try:
            await deleting.delete(job, id_, inputs, outputs)
        except UnreachableError as error:
            job.say("warning", _UNREACHABLE.format(error))
            if not self._settings.delete_unreachable:
                raise ProviderError(_GONE.format(f"deletion of resource {urn} failed: {error}.")) from error
            job.say("info", "deleteUnreachable is set: the resource is removed from the state")

    # Functions and components

    async def invoke(self, token: str, args: Values, *, preview: bool) -> Invoked:
        """Decode YAML; there is no other function."""
        del preview
        _refuse(token)
        if token != _DECODE:
            raise ProviderError(f"the kubernetes provider has no function '{token}'")
        plain = unwrap_secrets(args)
        if self._cluster is None or has_unknown(args):
            return Invoked({})
        if not isinstance(plain.get("text"), str):
            raise ProviderError(f"{token}: 'text' should be a string with YAML documents")
        found = manifests.decoded(plain["text"])
        default = plain.get("defaultNamespace")
        if default:
            found = [await _in(self._cluster, default, obj) for obj in found]
        return Invoked({"result": Secret(found) if has_secret(args) else found})

    async def call(self, token: str, args: Values, arg_dependencies: dict[str, list[str]], run: RunInfo) -> Invoked:
        """There are no methods."""
        del args, arg_dependencies, run
        raise ProviderError(f"the kubernetes provider has no method '{token}'")

    async def construct(self, type_: str, name: str, inputs: Values, options: ConstructOptions, run: RunInfo) -> Constructed:
        """There are no remote components."""
        del name, inputs, options, run
        _refuse(type_)
        raise ProviderError(f"the kubernetes provider has no component '{type_}'")

    # The end

    async def cancel(self) -> None:
        """End what is waited for, and try nothing again."""
        self._cancelled.set()
        if self._cluster:
            self._cluster.cancel()

    async def close(self) -> None:
        """Close the connections."""
        if self._cluster:
            await self._cluster.close()

    # How it is done

    def _job(self, urn: str, timeout: float = 0, *, preview: bool = False) -> Job:
        if self._cluster is None:
            raise ProviderError("the kubernetes provider is not configured: its configuration is not known yet")
        return Job(urn, self._cluster, self._settings, self._log, self._cancelled, timeout, preview)

    async def _unreachable(self) -> bool:
        try:
            if self._cluster:
                await (await self._cluster.client()).get("/version")
        except UnreachableError:
            return True
        except ApiError:
            return False
        return False

    async def _is_unready(self, job: Job, id_: str, inputs: Obj) -> bool:
        """Whether the live object isn't ready, and so is to be replaced. Only Jobs never get ready again."""
        if inputs.get("kind") != "Job":
            job.say("warning", f"the annotation {REPLACE_UNREADY} is for Jobs only")
            return False
        namespace, _, name = id_.rpartition("/")
        try:
            resource = await job.resource(inputs)
            client = await job.cluster.client()
            await awaiting.check(client, await client.get(resource.path(namespace, name)), inputs)
        except awaiting.NotReadyError:
            return True
        except (ApiError, NoSuchKindError, UnreachableError):
            return False
        return False


async def _placed(cluster: Cluster, urn: str, obj: Obj, old: Obj) -> Obj:
    """The object in the default namespace, if it needs one and names none."""
    if metadata_of(obj).get("namespace") or not cluster.namespace or not isinstance(obj.get("metadata"), dict):
        return obj
    try:
        namespaced = await cluster.discovery.namespaced(*kind_of(urn, obj))
    except (ApiError, UnreachableError):
        namespaced = bool(namespace_of(old))
    return _with_namespace(obj, cluster.namespace) if namespaced else obj


async def _in(cluster: Cluster, namespace: str, obj: Obj) -> Obj:
    if namespace_of(obj):
        return obj
    try:
        namespaced = await cluster.discovery.namespaced(obj["apiVersion"], obj["kind"])
    except (ApiError, UnreachableError):
        # Most kinds are; and the resource that comes of it is told what is wrong with the cluster.
        namespaced = True
    return _with_namespace(obj, namespace) if namespaced else obj


def _with_namespace(obj: Obj, namespace: str) -> Obj:
    return {**obj, "metadata": {**metadata_of(obj), "namespace": namespace}}


def _refuse(token: str) -> None:
    """Say what this provider doesn't have, and what to use instead."""
    if token in _INSTEAD:
        raise ProviderError(f"the embedded kubernetes provider doesn't have {token}; {_INSTEAD[token]}, or install the kubernetes plugin")


def _refuse_shape(urn: str, obj: Obj, *, is_patch: bool) -> None:
    """Say what no object may look like."""
    kind, group = str(obj.get("kind") or ""), group_of(obj)
    if kind.endswith("List") and ("." not in group or group.endswith(".k8s.io")):
        raise ProviderError(f'resource "{urn}": a {kind} can\'t be created, only its items can, each as a resource of its own')
    if is_patch and not has_name(obj):
        raise ProviderError(f'resource "{urn}": a patch needs the name of the object (metadata.name)')
    if not has_name(obj) and metadata_of(obj).get("generateName"):
        raise ProviderError(
            f'resource "{urn}": metadata.generateName can\'t be used with server-side apply; leave it out, and a name is made up'
        )
