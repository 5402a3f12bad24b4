import os, pulumi, pulumi_kubernetes as k8s
step = os.environ["STEP"]
ns = k8s.core.v1.Namespace("shop", metadata={"name": "rec-work"}); name = ns.metadata["name"]
def template(app, **more):
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "app", "image": "docker.io/local/app:1" if step < "2" or app == "web" else "docker.io/local/app:2", "image_pull_policy": "IfNotPresent"}], **more}}
def spec(app, pods={}, **more):
    return {"selector": {"match_labels": {"app": app}}, "template": template(app, **pods), **more}
db = k8s.core.v1.Service("db", metadata={"name": "db", "namespace": name}, spec={"cluster_ip": "None", "selector": {"app": "db"}, "ports": [{"port": 5432}]})
k8s.apps.v1.StatefulSet("db", metadata={"name": "db", "namespace": name}, spec=spec("db", replicas=2, service_name="db"))
k8s.apps.v1.DaemonSet("agent", metadata={"name": "agent", "namespace": name}, spec=spec("agent", {"node_selector": {"no": "such"}}))
k8s.batch.v1.Job("once", metadata={"name": "once", "namespace": name}, spec={"template": template("once", restart_policy="Never"), "backoff_limit": 1})
k8s.batch.v1.CronJob("nightly", metadata={"name": "nightly", "namespace": name}, spec={"schedule": "0 3 * * *", "suspend": True, "job_template": {"spec": {"template": template("nightly", restart_policy="Never")}}})
k8s.core.v1.Service("web", metadata={"name": "web", "namespace": name}, spec={"selector": {"app": "web"}, "ports": [{"port": 80, "target_port": 8080}]})
k8s.apps.v1.Deployment("web", metadata={"namespace": name}, spec=spec("web", replicas=1))
