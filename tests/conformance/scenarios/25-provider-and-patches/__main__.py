import os, pulumi, pulumi_kubernetes as k8s
step = os.environ["STEP"]
ns = k8s.core.v1.Namespace("shop", metadata={"name": "rec-options"})
provider = k8s.Provider("here", namespace="rec-options", enable_config_map_mutable=True, enable_secret_mutable=True)
here = pulumi.ResourceOptions(provider=provider, depends_on=[ns])
k8s.core.v1.ConfigMap("mutable", data={"v": "2" if step >= "4" else "1"}, opts=here)
k8s.core.v1.ConfigMap("frozen", metadata={"name": "frozen"}, immutable=True, data={"v": "2" if step >= "4" else "1"}, opts=here)
k8s.core.v1.Secret("secret", metadata={"name": "secret"}, type="Opaque", string_data={"k": "hush" if step < "4" else "other"}, opts=here)
k8s.core.v1.Service("headless", metadata={"name": "headless", "labels": {"a": "b"} if step < "4" else {"c": "d"}}, spec={"cluster_ip": "None", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]}, opts=here)
k8s.core.v1.Service("outside", metadata={"name": "outside"}, spec={"type": "ExternalName", "external_name": "example.org"}, opts=here)
k8s.rbac.v1.Role("role", metadata={"name": "reader"}, rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get"] if step < "4" else ["get", "list"]}], opts=here)
k8s.rbac.v1.RoleBinding("binding", metadata={"name": "reader"}, role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" if step < "4" else "writer"}, subjects=[{"kind": "ServiceAccount", "name": "default"}], opts=here)
k8s.core.v1.ConfigMap("watched", metadata={"name": "watched", "annotations": {"pulumi.com/waitFor": "jsonpath={.data.v}=1"}}, data={"v": "1"}, opts=here)
if "2" <= step <= "5":
    patch = k8s.core.v1.ConfigMapPatch("patch", metadata={"name": "foreign"}, data={"ours": "1" if step < "4" else "2"}, opts=here)
    got = k8s.core.v1.ConfigMap.get("got", "rec-options/foreign", opts=pulumi.ResourceOptions(provider=provider, depends_on=[patch]))
    pulumi.export("theirs", got.data["theirs"])
