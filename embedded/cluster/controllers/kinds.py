"""The kinds of objects that controllers work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from embedded.cluster.model.objects import group_of


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind, in the version that controllers speak."""

    api_version: str
    kind: str
    plural: str

    @property
    def storage(self) -> str:
        """Where the store keeps it."""
        return f"{group_of(self.api_version)}/{self.plural}"


NAMESPACE: Final = Kind("v1", "Namespace", "namespaces")
NODE: Final = Kind("v1", "Node", "nodes")
POD: Final = Kind("v1", "Pod", "pods")
SERVICE: Final = Kind("v1", "Service", "services")
ENDPOINTS: Final = Kind("v1", "Endpoints", "endpoints")
EVENT: Final = Kind("v1", "Event", "events")
CONFIG_MAP: Final = Kind("v1", "ConfigMap", "configmaps")
SECRET: Final = Kind("v1", "Secret", "secrets")
CLAIM: Final = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
VOLUME: Final = Kind("v1", "PersistentVolume", "persistentvolumes")
QUOTA: Final = Kind("v1", "ResourceQuota", "resourcequotas")
DEPLOYMENT: Final = Kind("apps/v1", "Deployment", "deployments")
REPLICA_SET: Final = Kind("apps/v1", "ReplicaSet", "replicasets")
STATEFUL_SET: Final = Kind("apps/v1", "StatefulSet", "statefulsets")
DAEMON_SET: Final = Kind("apps/v1", "DaemonSet", "daemonsets")
REVISION: Final = Kind("apps/v1", "ControllerRevision", "controllerrevisions")
JOB: Final = Kind("batch/v1", "Job", "jobs")
CRON_JOB: Final = Kind("batch/v1", "CronJob", "cronjobs")
ENDPOINT_SLICE: Final = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
AUTOSCALER: Final = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
DISRUPTION_BUDGET: Final = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
INGRESS: Final = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
STORAGE_CLASS: Final = Kind("storage.k8s.io/v1", "StorageClass", "storageclasses")
DEFINITION: Final = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
GATEWAY_CLASS: Final = Kind("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses")
GATEWAY: Final = Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways")
HTTP_ROUTE: Final = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
GRPC_ROUTE: Final = Kind("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes")
REFERENCE_GRANT: Final = Kind("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "referencegrants")
EXTERNAL_SECRET: Final = Kind("external-secrets.io/v1", "ExternalSecret", "externalsecrets")
SECRET_STORE: Final = Kind("external-secrets.io/v1", "SecretStore", "secretstores")
CLUSTER_SECRET_STORE: Final = Kind("external-secrets.io/v1", "ClusterSecretStore", "clustersecretstores")
CERTIFICATE: Final = Kind("cert-manager.io/v1", "Certificate", "certificates")
ISSUER: Final = Kind("cert-manager.io/v1", "Issuer", "issuers")
CLUSTER_ISSUER: Final = Kind("cert-manager.io/v1", "ClusterIssuer", "clusterissuers")
