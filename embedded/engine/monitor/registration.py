"""A registration request, taken apart: properties, dependencies and options become a goal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi.runtime.proto import alias_pb2, resource_pb2

from embedded.engine.deploy.goal import Goal
from embedded.engine.model import urn as urns
from embedded.engine.model import wire
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import Alias
from embedded.engine.model.state import Timeouts
from embedded.engine.model.values import UNKNOWN, Output, ResourceRef, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.engine.model.values import Value, Values

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def inherit(request: resource_pb2.RegisterResourceRequest, parent: Goal) -> None:
    """Options that a child has from its parent unless it says otherwise."""
    if not request.deletedWith:
        request.deletedWith = parent.deleted_with
    if not request.HasField("protect") and parent.protect is not None:
        request.protect = parent.protect
    if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
        request.retainOnDelete = parent.retain_on_delete
    if not request.provider and parent.provider:
        package = urns.package_of(urns.type_of(urns.split_provider_ref(parent.provider)[0]))
        if not (request.custom or request.remote) or package == urns.package_of(request.type):
            request.provider = parent.provider


def options_of(request: resource_pb2.RegisterResourceRequest, provider: str) -> resource_pb2.TransformResourceOptions:
    """The request's options in the form in which transforms see and change them."""
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[*(alias_pb2.Alias(urn=u) for u in request.aliasURNs), *request.aliases],
        provider=provider,
        custom_timeouts=request.customTimeouts if request.HasField("customTimeouts") else None,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        replacement_trigger=request.replacement_trigger if request.HasField("replacement_trigger") else None,
        additional_secret_outputs=request.additionalSecretOutputs,
        providers=request.providers,
        hide_diff=request.hideDiffs,
    )
    setattr(options, "import", request.importId)  # a keyword in Python
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def dependencies_of(request: resource_pb2.RegisterResourceRequest, properties: Values) -> tuple[set[str], dict[str, set[str]]]:
    """What the request says it depends on, as a whole and by property. Saying nothing by property means «everything»."""
    whole = set(request.dependencies)
    if not request.propertyDependencies and not request.remote:
        return whole, {key: set(whole) for key in properties}
    return whole, {key: set(found.urns) for key, found in request.propertyDependencies.items()}


def inner_dependencies(value: Value) -> set[str]:
    """The dependencies that output values inside a value carry."""
    if isinstance(value, Output):
        return set(value.dependencies) | (inner_dependencies(value.value) if value.known else set())
    if isinstance(value, Secret):
        return inner_dependencies(value.value)
    if isinstance(value, dict):
        return set().union(*map(inner_dependencies, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(inner_dependencies, value)) if value else set()
    return set()


def upgraded(properties: Values, dependencies: dict[str, set[str]]) -> Values:
    """Properties as output values that carry their dependencies, so that a transform may move them about."""
    found = {}
    for key, value in properties.items():
        missing = dependencies.get(key, set()) - inner_dependencies(value)
        if not missing:
            found[key] = value
        elif isinstance(value, Output):
            found[key] = Output(value.value, value.known, value.secret, value.dependencies | missing)
        else:
            found[key] = Output(value, dependencies=frozenset(missing))
    return found


def downgraded(value: Value) -> Value:
    """The value without output values: what they hold, secret or unknown as they are."""
    if isinstance(value, Output):
        inner = downgraded(value.value) if value.known else UNKNOWN
        return Secret(inner) if value.secret and not isinstance(inner, Secret) else inner
    if isinstance(value, Secret):
        return Secret(downgraded(value.value))
    if type(value) is dict:
        return {k: downgraded(v) for k, v in value.items()}
    if type(value) is list:
        return [downgraded(v) for v in value]
    if isinstance(value, ResourceRef):
        return value
    return value


def aliases_of(aliases: Iterable[alias_pb2.Alias]) -> list[Alias]:
    """Aliases as the generator takes them."""
    found = []
    for alias in aliases:
        if alias.WhichOneof("alias") != "spec":
            found.append(Alias(urn=alias.urn))
            continue
        spec = alias.spec
        found.append(Alias("", spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, spec.noParent))
    return found


def seconds(text: str) -> float:
    """A duration like `1h2m3.5s`; "" is 0."""
    if not text or text == "0":
        return 0
    parts = _DURATION.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text.lstrip("+"):
        msg = f"unable to parse customTimeout Value {text}"
        raise EngineError(msg)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def timeouts_of(options: resource_pb2.TransformResourceOptions) -> Timeouts:
    """Custom timeouts in seconds."""
    if not options.HasField("custom_timeouts"):
        return Timeouts()
    given = options.custom_timeouts
    return Timeouts(seconds(given.create), seconds(given.update), seconds(given.delete), seconds(given.read))


def goal_of(
    request: resource_pb2.RegisterResourceRequest,
    options: resource_pb2.TransformResourceOptions,
    properties: Values,
    dependencies: set[str],
    property_dependencies: dict[str, set[str]],
    provider: str,
    position: tuple[str, list[dict[str, str]]],
) -> Goal:
    """The goal of a registration whose provider is known."""
    trigger = wire.from_value(options.replacement_trigger) if options.HasField("replacement_trigger") else None
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        properties={k: downgraded(v) for k, v in properties.items()},
        parent=request.parent,
        provider=provider,
        dependencies=sorted(dependencies),
        property_dependencies={k: sorted(v) for k, v in property_dependencies.items()},
        protect=options.protect if options.HasField("protect") else None,
        retain_on_delete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
        delete_before_replace=options.delete_before_replace if options.HasField("delete_before_replace") else None,
        deleted_with=options.deleted_with,
        replace_with=list(options.replace_with),
        ignore_changes=list(options.ignore_changes),
        replace_on_changes=list(options.replace_on_changes),
        hide_diff=list(options.hide_diff),
        replacement_trigger=downgraded(trigger),
        additional_secret_outputs=list(options.additional_secret_outputs),
        aliases=aliases_of(options.aliases),
        import_id=getattr(options, "import"),
        custom_timeouts=timeouts_of(options),
        source_position=position[0],
        stack_trace=position[1],
    )
