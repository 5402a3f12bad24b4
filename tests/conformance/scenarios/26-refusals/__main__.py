import os, pulumi, pulumi_kubernetes as k8s
step = os.environ["STEP"]
ns = k8s.core.v1.Namespace("shop", metadata={"name": "rec-refused"}); name = ns.metadata["name"]
labels = {"app": "web"}
port = 99999 if step == "4" else 8080
force = {"pulumi.com/patchForce": "true"} if step >= "3" else {}
k8s.apps.v1.Deployment("web", metadata={"name": "web", "namespace": name, "annotations": force}, spec={"replicas": 0, "selector": {"match_labels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [
    {"name": "app", "image": "docker.io/local/app:1" if step < "2" else "docker.io/local/app:2", "ports": [{"container_port": port}]}]}}})
if step == "5":
    k8s.core.v1.ConfigMap("nowhere", metadata={"name": "nowhere", "namespace": "rec-nowhere"}, data={"a": "1"})
    k8s.core.v1.ConfigMap("key", metadata={"name": "key", "namespace": name}, data={"not a key": "1"})
    k8s.batch.v1.Job("job", metadata={"name": "job", "namespace": name}, spec={"template": {"spec": {"restart_policy": "Always", "containers": [{"name": "a", "image": "docker.io/local/app:1"}]}}})
    k8s.apps.v1.Deployment("unlike", metadata={"name": "unlike", "namespace": name}, spec={"selector": {"match_labels": labels}, "template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "A B", "image": ""}]}}})
    k8s.networking.v1.Ingress("ingress", metadata={"name": "ingress", "namespace": name}, spec={"rules": [{"http": {"paths": [{"path": "x", "path_type": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]})
    k8s.core.v1.Secret("tls", metadata={"name": "tls", "namespace": name}, type="kubernetes.io/tls", string_data={"tls.crt": ""})
    k8s.autoscaling.v2.HorizontalPodAutoscaler("upside", metadata={"name": "upside", "namespace": name}, spec={"scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": "web"}, "min_replicas": 4, "max_replicas": 2})
