"""The ResourceMonitor service: what programs, and the providers of remote components, talk to."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from embedded.engine.deploy.default_providers import DefaultProviders
from embedded.engine.deploy.goal import AbortedError, Read
from embedded.engine.deploy.registry import plugin_inputs
from embedded.engine.model import urn as urns
from embedded.engine.model import wire
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import ConstructOptions, PackageRef, ProviderError
from embedded.engine.model.values import UNKNOWN, UNKNOWN_STRING
from embedded.engine.monitor import assets, registration
from embedded.engine.monitor.pacing import Pacing
from embedded.engine.monitor.positions import Positions
from embedded.engine.monitor.transforms import Callbacks, Transforms

if TYPE_CHECKING:
    import asyncio

    from pulumi.runtime.proto import callback_pb2

    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.goal import Goal, Registered
    from embedded.engine.model.ports import Provider
    from embedded.engine.model.values import Values

    Context = grpc.aio.ServicerContext[Any, Any]

_FEATURES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
}
# The SDK's enumeration does not name «skipped» (2) yet.
_RESULTS: Final[dict[str, resource_pb2.Result.ValueType]] = {
    "success": resource_pb2.SUCCESS,
    "fail": resource_pb2.FAIL,
    "skip": cast("resource_pb2.Result.ValueType", 2),
}


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """One run's resource monitor. Methods that are not here answer «unimplemented», which SDKs take as «not supported»."""

    def __init__(self, deployment: Deployment, no_more: asyncio.Event, ended: asyncio.Event) -> None:
        self._deployment = deployment
        self._no_more, self._ended = no_more, ended
        self._folder = Path(deployment.run.root_directory)
        self._positions = Positions(deployment.run.root_directory)
        self._callbacks = Callbacks()
        self._transforms = Transforms(self._callbacks)
        self._defaults = DefaultProviders(deployment)
        self._pacing = Pacing()
        self._packages: dict[str, PackageRef] = {}
        self._goals: dict[str, Goal] = {}
        self._component_providers: dict[str, dict[str, str]] = {}

    async def close(self) -> None:
        """Close what was opened for callbacks."""
        await self._callbacks.close()

    # What the engine can do

    async def SupportsFeature(self, request: resource_pb2.SupportsFeatureRequest, context: Context) -> resource_pb2.SupportsFeatureResponse:
        """Older SDKs ask one by one."""
        del context
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    async def GetDeploymentInfo(self, request: empty_pb2.Empty, context: Context) -> resource_pb2.DeploymentInfo:
        """Newer ones ask once."""
        del request, context
        return resource_pb2.DeploymentInfo(
            **self._deployment.run.fields(),
            supportedFeatures=sorted(_FEATURES.values()),
        )

    # Registrations

    async def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: Context
    ) -> resource_pb2.RegisterResourceResponse:
        """Make, keep or change a resource, and answer when it is so."""
        try:
            with self._pacing:
                response = await self._register(request)
                await self._pacing.hold()
                return response
        except AbortedError:
            await _aborted(context)
        except (EngineError, ProviderError) as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))

    async def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        if request.parent in self._goals:
            registration.inherit(request, self._goals[request.parent])
        properties = assets.hashed(wire.from_struct(request.object), self._folder)
        dependencies, by_property = registration.dependencies_of(request, properties)
        own = self._transforms.own(request)
        options = registration.options_of(request, self._named_provider(request))
        if callbacks := self._transforms.applying(request.parent, own):
            properties, options = await self._transforms.resource(
                callbacks, request, registration.upgraded(properties, by_property), options
            )
            properties = assets.hashed(properties, self._folder)
        if own:
            by_property = {k: registration.inner_dependencies(v) for k, v in properties.items()}
            dependencies = set(options.depends_on).union(*by_property.values())
        else:
            for key, value in properties.items():
                by_property.setdefault(key, set()).update(registration.inner_dependencies(value))
        self._pass_on_providers(request, options)
        provider = await self._provider_of(request, options)
        position = self._positions.of(request)
        if urns.is_provider_type(request.type):
            properties = self._with_plugin(request, options, properties)
        goal = registration.goal_of(request, options, properties, dependencies, by_property, provider, position)
        if request.remote:
            response = await self._construct(request, options, properties, goal)
        else:
            registered = await self._deployment.register(goal)
            self._goals[registered.state.urn] = goal
            response = self._answer(request, registered)
        self._transforms.remember(response.urn, request.parent, own)
        if not request.custom:
            self._component_providers[response.urn] = dict(options.providers)
        return response

    def _answer(self, request: resource_pb2.RegisterResourceRequest, registered: Registered) -> resource_pb2.RegisterResourceResponse:
        state = registered.state
        outputs = state.outputs if request.custom else {}
        dialect = wire.Dialect(request.acceptSecrets, request.acceptResources, outputs=False)
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=wire.to_struct(outputs, dialect),
            result=_RESULTS[registered.result],
            unknown=registered.unknown,
        )

    def _named_provider(self, request: resource_pb2.RegisterResourceRequest) -> str:
        """The provider that the request, or a component above it, names for its package."""
        if not (request.custom or request.remote) or request.provider:
            return request.provider
        package = urns.package_of(request.type)
        return request.providers.get(package, "") or self._component_providers.get(request.parent, {}).get(package, "")

    def _pass_on_providers(self, request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions) -> None:
        if not request.custom:
            for package, provider in self._component_providers.get(request.parent, {}).items():
                if package not in options.providers:
                    options.providers[package] = provider

    async def _provider_of(self, request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions) -> str:
        if not (request.remote or (request.custom and not urns.is_provider_type(request.type))):
            return ""
        if options.provider:
            return options.provider
        package = self._package(request.type, options.version, options.plugin_download_url, request.packageRef)
        return await self._defaults.reference(package, request.type)

    def _package(self, type_: str, version: str, url: str, ref: str) -> PackageRef:
        if ref:
            if ref not in self._packages:
                msg = f"unknown provider package '{ref}'"
                raise EngineError(msg)
            return self._packages[ref]
        return PackageRef(urns.package_of(type_), version, url)

    def _with_plugin(
        self, request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions, properties: Values
    ) -> Values:
        """A provider resource's inputs, with where its plugin comes from."""
        return plugin_inputs(self._package(request.type, options.version, options.plugin_download_url, request.packageRef), properties)

    async def _construct(
        self,
        request: resource_pb2.RegisterResourceRequest,
        options: resource_pb2.TransformResourceOptions,
        properties: Values,
        goal: Goal,
    ) -> resource_pb2.RegisterResourceResponse:
        """Let the provider of a remote component make it; it registers the component and its children itself."""
        deployment = self._deployment
        provider = await deployment.registry.ensure(goal.provider)
        handle = self._positions.hand_on(request)
        try:
            made = await provider.construct(
                request.type, request.name, properties, _construct_options(goal, options, handle), deployment.run
            )
        except ProviderError as error:
            deployment.log("error", f"{request.type} resource '{request.name}' has a problem: {error}")
            deployment.failed = True
            deployment.cancel()
            raise AbortedError from error
        finally:
            self._positions.release(handle)
        self._goals.setdefault(made.urn, goal)
        dependencies = {
            key: resource_pb2.RegisterResourceResponse.PropertyDependencies(
                urns=sorted({*made.dependencies.get(key, ()), *registration.inner_dependencies(value)})
            )
            for key, value in made.outputs.items()
        }
        dialect = wire.Dialect(request.acceptSecrets, request.acceptResources, outputs=False)
        return resource_pb2.RegisterResourceResponse(
            urn=made.urn, object=wire.to_struct(made.outputs, dialect), propertyDependencies=dependencies
        )

    async def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest, context: Context) -> empty_pb2.Empty:
        """A component's outputs."""
        try:
            values = assets.hashed(wire.from_struct(request.outputs), self._folder)
            await self._deployment.outputs(request.urn, {k: registration.downgraded(v) for k, v in values.items()})
        except AbortedError:
            await _aborted(context)
        except EngineError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return empty_pb2.Empty()

    # Reads and functions

    async def ReadResource(self, request: resource_pb2.ReadResourceRequest, context: Context) -> resource_pb2.ReadResourceResponse:
        """Look at a resource that somebody else made."""
        try:
            provider = request.provider
            if not provider and not urns.is_provider_type(request.type):
                package = self._package(request.type, request.version, request.pluginDownloadURL, request.packageRef)
                provider = await self._defaults.reference(package, request.type)
            position, trace = self._positions.of(request)
            registered = await self._deployment.read(
                Read(
                    request.type,
                    request.name,
                    request.id,
                    request.parent,
                    provider,
                    {k: registration.downgraded(v) for k, v in wire.from_struct(request.properties).items()},
                    list(request.dependencies),
                    list(request.additionalSecretOutputs),
                    position,
                    trace,
                )
            )
        except AbortedError:
            await _aborted(context)
        except EngineError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        state = registered.state
        dialect = wire.Dialect(request.acceptSecrets, request.acceptResources, outputs=False)
        return resource_pb2.ReadResourceResponse(
            urn=state.urn,
            id=state.id,
            properties=wire.to_struct(state.outputs, dialect),
            result=_RESULTS[registered.result],
            unknown=state.id == UNKNOWN_STRING,
        )

    async def Invoke(self, request: resource_pb2.ResourceInvokeRequest, context: Context) -> resource_pb2.ResourceInvokeResponse:
        """Call a provider's function."""
        try:
            args = {k: registration.downgraded(v) for k, v in wire.from_struct(request.args).items()}
            named = request.provider or self._component_providers.get(request.parent, {}).get(urns.package_of(request.tok), "")
            options = resource_pb2.TransformInvokeOptions(
                provider=named, version=request.version, plugin_download_url=request.pluginDownloadURL
            )
            args, options = await self._transforms.invoke(request.tok, args, options)
            package = self._package(request.tok, options.version, options.plugin_download_url, request.packageRef)
            provider = await self._function_provider(package, options.provider, request.tok)
            result = await provider.invoke(request.tok, args, preview=self._deployment.options.dry_run)
        except AbortedError:
            await _aborted(context)
        except (EngineError, ProviderError) as error:
            await context.abort(grpc.StatusCode.UNKNOWN, f"invocation of {request.tok} returned an error: {error}")
        keep = request.acceptResources or request.tok == "pulumi:pulumi:getResource"
        returned: dict[str, Any] = {"return": wire.to_struct(result.value, wire.Dialect(resources=keep, outputs=False))}
        return resource_pb2.ResourceInvokeResponse(
            **returned,
            failures=[provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in result.failures],
        )

    async def Call(self, request: resource_pb2.ResourceCallRequest, context: Context) -> provider_pb2.CallResponse:
        """Call a resource's method."""
        try:
            args = wire.from_struct(request.args)
            package = self._package(request.tok, request.version, request.pluginDownloadURL, request.packageRef)
            provider = await self._function_provider(package, request.provider or self._self_provider(args), request.tok)
            needs = {k: sorted({*d.urns}) for k, d in request.argDependencies.items()}
            for key, value in args.items():
                needs[key] = sorted({*needs.get(key, ()), *registration.inner_dependencies(value)})
            result = await provider.call(request.tok, args, needs, self._deployment.run)
        except AbortedError:
            await _aborted(context)
        except (EngineError, ProviderError) as error:
            self._deployment.log("error", f"call to function '{request.tok}' failed: {error}")
            self._deployment.failed = True
            self._deployment.cancel()
            await context.abort(grpc.StatusCode.UNKNOWN, f"call of {request.tok} returned an error: {error}")
        returned = {
            k: provider_pb2.CallResponse.ReturnDependencies(
                urns=sorted({*result.dependencies.get(k, ()), *registration.inner_dependencies(v)})
            )
            for k, v in result.value.items()
        }
        return provider_pb2.CallResponse(
            **{"return": wire.to_struct(result.value, wire.NO_OUTPUTS)},
            failures=[provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in result.failures],
            returnDependencies=returned,
        )

    def _self_provider(self, args: Values) -> str:
        urn = getattr(args.get("__self__"), "urn", "")
        if not urn:
            return ""
        if urns.is_provider_type(urns.type_of(urn)):
            id_ = getattr(args["__self__"], "id", None)
            return urns.provider_ref(urn, UNKNOWN_STRING if id_ is UNKNOWN else str(id_ or ""))
        if urn not in self._goals:
            msg = f"unknown resource {urn}"
            raise EngineError(msg)
        return self._goals[urn].provider

    async def _function_provider(self, package: PackageRef, named: str, token: str) -> Provider:
        ref = named or await self._defaults.reference(package, token)
        return await self._deployment.registry.ensure(ref)

    # Packages, transforms, the end

    async def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest, context: Context) -> resource_pb2.RegisterPackageResponse:
        """Name a package, perhaps one that a provider makes from a parameter."""
        if request.HasField("extension"):
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the embedded engine does not support extension parameterization")
        parameter = None
        if request.HasField("parameterization"):
            given = request.parameterization
            parameter = (given.name, given.version, given.value)
        package = PackageRef(request.name, request.version, request.download_url, parameter)
        for ref, known in self._packages.items():
            if known == package:
                return resource_pb2.RegisterPackageResponse(ref=ref)
        ref = str(uuid.uuid4())
        self._packages[ref] = package
        return resource_pb2.RegisterPackageResponse(ref=ref)

    async def RegisterStackTransform(self, request: callback_pb2.Callback, context: Context) -> empty_pb2.Empty:
        """A transform for everything that follows."""
        del context
        self._transforms.add_stack(request)
        return empty_pb2.Empty()

    async def RegisterStackInvokeTransform(self, request: callback_pb2.Callback, context: Context) -> empty_pb2.Empty:
        """A transform for every invoke that follows."""
        del context
        self._transforms.add_invoke(request)
        return empty_pb2.Empty()

    async def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """The program has nothing more to say; it waits, because its callbacks may still be needed."""
        del request, context
        self._no_more.set()
        await self._ended.wait()
        return empty_pb2.Empty()


def _construct_options(goal: Goal, options: resource_pb2.TransformResourceOptions, handle: str) -> ConstructOptions:
    return ConstructOptions(
        parent=goal.parent,
        aliases=tuple(goal.aliases),
        dependencies=tuple(goal.dependencies),
        property_dependencies=goal.property_dependencies,
        providers=dict(options.providers),
        protect=goal.protect,
        deleted_with=goal.deleted_with,
        replace_with=tuple(goal.replace_with),
        delete_before_replace=goal.delete_before_replace,
        retain_on_delete=goal.retain_on_delete,
        ignore_changes=tuple(goal.ignore_changes),
        replace_on_changes=tuple(goal.replace_on_changes),
        additional_secret_outputs=tuple(goal.additional_secret_outputs),
        custom_timeouts=goal.custom_timeouts,
        stack_trace_handle=handle,
    )


async def _aborted(context: Context) -> NoReturn:
    await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
    raise AssertionError  # abort raises
