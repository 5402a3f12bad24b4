"""kubectl, as people use it: the pinned one; what matters most with that of this machine, too (`make test-matrix`)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.cluster.conftest import Kubectl

_WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: "web:1", ports: [{containerPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
_DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList, shortNames: [th]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, minimum: 1}}}
          status: {type: object, properties: {ready: {type: boolean}}}
"""


@pytest.fixture
def web(kubectl: Kubectl) -> str:
    """An application, applied and rolled out."""
    kubectl("apply", "-f", "-", given=_WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    return _WEB


def test_apply_creates_then_finds_nothing_to_do(each_kubectl: Kubectl) -> None:
    """And says what changed."""
    assert each_kubectl("apply", "-f", "-", given=_WEB).splitlines() == ["deployment.apps/web created", "service/web created"]
    assert each_kubectl("apply", "-f", "-", given=_WEB).splitlines() == ["deployment.apps/web unchanged", "service/web unchanged"]
    changed = each_kubectl("apply", "-f", "-", given=_WEB.replace("web:1", "web:2"))
    assert changed.splitlines() == ["deployment.apps/web configured", "service/web unchanged"]


def test_apply_on_the_server_minds_others(each_kubectl: Kubectl) -> None:
    """A field that somebody else set is taken only by force."""
    assert "deployment.apps/web serverside-applied" in each_kubectl("apply", "--server-side", "-f", "-", given=_WEB)
    each_kubectl("set", "image", "deployment/web", "app=web:9")
    refusal = each_kubectl.fails("apply", "--server-side", "-f", "-", given=_WEB)
    assert 'conflict with "kubectl-set" using apps/v1: .spec.template.spec.containers[name="app"].image' in refusal
    each_kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=_WEB)
    assert each_kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "web:1"


@pytest.mark.parametrize("mode", ["client", "server"])
def test_a_dry_run_changes_nothing(kubectl: Kubectl, mode: str) -> None:
    """But says what would be."""
    assert f"deployment.apps/web created ({'server ' if mode == 'server' else ''}dry run)" in kubectl(
        "apply", f"--dry-run={mode}", "-f", "-", given=_WEB
    )
    assert "NotFound" in kubectl.fails("get", "deployment", "web")


def test_diff_shows_what_apply_would_change(kubectl: Kubectl) -> None:
    """With exit status 1, and 0 when there is nothing."""
    kubectl("apply", "-f", "-", given=_WEB)
    assert kubectl.run("diff", "-f", "-", given=_WEB).returncode in {0, 1}
    shown = kubectl.run("diff", "-f", "-", given=_WEB.replace("web:1", "web:2"))
    assert shown.returncode == 1
    assert "image: web:2" in shown.stdout


def test_prune_deletes_what_is_no_longer_there(kubectl: Kubectl) -> None:
    """Of those with the label."""
    kubectl("apply", "-f", "-", given=_WEB)
    deployment = _WEB.partition("---")[0]
    allowed = ("--prune-allowlist=core/v1/Service", "--prune-allowlist=apps/v1/Deployment")
    assert "service/web pruned" in kubectl("apply", "--prune", "-l", "app=web", *allowed, "-f", "-", given=deployment)


def test_wrong_manifests_are_refused_with_the_field(kubectl: Kubectl) -> None:
    """By the schema, and by the rules."""
    assert 'unknown field "spec.replica"' in kubectl.fails("apply", "-f", "-", given=_WEB.replace("replicas:", "replica:"))
    kubectl("apply", "-f", "-", given=_WEB)
    refusal = kubectl.fails("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}')
    assert "field is immutable" in refusal


def test_get_in_all_its_forms(kubectl: Kubectl, web: str) -> None:
    """Tables, wide ones, names, YAML, JSON, paths, custom columns; by label, by field, in all namespaces."""
    del web
    assert kubectl("get", "deployments").splitlines()[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    wide = kubectl("get", "deployment", "web", "-o", "wide").splitlines()[1].split()
    assert (wide[:4], wide[5:]) == (["web", "2/2", "2", "2"], ["app", "web:1", "app=web"])
    assert kubectl("get", "service", "web", "-o", "name") == "service/web\n"
    assert json.loads(kubectl("get", "deployment", "web", "-o", "json"))["status"]["readyReplicas"] == 2
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "2"
    assert "kind: Service" in kubectl("get", "service", "web", "-o", "yaml")
    columns = kubectl("get", "pods", "-l", "app=web", "-o", "custom-columns=P:.status.phase", "--no-headers").split()
    assert columns == ["Running", "Running"]
    running = kubectl("get", "pods", "-A", "--field-selector=status.phase=Running", "--no-headers").splitlines()
    assert len(running) == 2
    assert all(line.split()[2:4] == ["1/1", "Running"] for line in running)
    assert {"pod", "service", "deployment.apps", "replicaset.apps"} == {
        line.partition("/")[0] for line in kubectl("get", "all", "-o", "name").splitlines()
    }
    assert len(kubectl("get", "configmaps", "-A", "--chunk-size=2", "--no-headers").splitlines()) == 4
    assert "NotFound" in kubectl.fails("get", "pod", "nobody")


def test_get_watches(kubectl: Kubectl) -> None:
    """Each change is a line, until the time is over."""
    kubectl("apply", "-f", "-", given=_WEB)
    with ThreadPoolExecutor(1) as watching:
        seen = watching.submit(kubectl, "get", "deployment", "web", "-w", "--request-timeout=3s", "--no-headers")
        for number in count():
            kubectl("annotate", "deployment", "web", f"n={number}", "--overwrite")
            if seen.done():
                break
    lines = seen.result().splitlines()
    assert lines[-1].split()[:2] == ["web", "2/2"]
    assert len(lines) > 1


def test_describe(kubectl: Kubectl, web: str) -> None:
    """Puts together what it finds of an object, its events among them."""
    del web
    pod = kubectl("get", "pods", "-o", "name").split()[0]
    assert "Successfully assigned" in kubectl("describe", pod)
    assert "NewReplicaSetAvailable" in kubectl("describe", "deployment/web")
    for kind in ("service/web", "node/node-1", "namespace/default"):
        assert "Name:" in kubectl("describe", kind)


@pytest.mark.matrix
def test_edit_replace_patch_label_annotate(each_kubectl: Kubectl, tmp_path: Path) -> None:
    """All ways of changing an object."""
    each_kubectl("create", "configmap", "c", "--from-literal=a=one")
    each_kubectl("edit", "configmap", "c", KUBE_EDITOR="sed -i s/one/two/")
    each_kubectl("patch", "configmap", "c", "-p", '{"data":{"b":"1"}}')
    each_kubectl("patch", "configmap", "c", "--type=merge", "-p", '{"data":{"c":"1"}}')
    each_kubectl("patch", "configmap", "c", "--type=json", "-p", '[{"op":"remove","path":"/data/b"}]')
    assert json.loads(each_kubectl("get", "configmap", "c", "-o", "jsonpath={.data}")) == {"a": "two", "c": "1"}
    each_kubectl("label", "configmap", "c", "l=1")
    each_kubectl("annotate", "configmap", "c", "n=2")
    assert each_kubectl("get", "configmap", "-l", "l=1", "-o", "jsonpath={.items[0].metadata.annotations.n}") == "2"
    manifest = tmp_path / "c.yaml"
    manifest.write_text(each_kubectl("get", "configmap", "c", "-o", "yaml").replace("two", "three"))
    each_kubectl("replace", "-f", str(manifest))
    assert "the object has been modified" in each_kubectl.fails("replace", "-f", str(manifest))


_WORDS = (
    "configmap c --from-literal=a=b",
    "secret generic s --from-literal=a=b",
    "namespace shop",
    "serviceaccount a",
    "deployment d --image=web:1 --replicas=2 --port=80",
    "service nodeport s --tcp=80:8080",
    "role r --verb=get,list --resource=pods",
    "rolebinding b --role=r --serviceaccount=default:default",
    "clusterrole r --verb=get --resource=nodes",
    "quota q --hard=pods=10,cpu=1",
    "job j --image=web:1",
    "cronjob j --image=web:1 --schedule=@daily",
    "ingress i --rule=example.org/=web:80",
    "poddisruptionbudget p --selector=a=b --min-available=1",
    "priorityclass p --value=7",
    "token default",
)


@pytest.mark.matrix
def test_create_by_words(each_kubectl: Kubectl) -> None:
    """Without a manifest; kubectl sends these as protobuf."""
    for words in _WORDS:
        assert each_kubectl("create", *words.split())
    assert each_kubectl("auth", "can-i", "create", "pods") == "yes\n"


def test_rollouts(each_kubectl: Kubectl) -> None:
    """Forward, back, again, held and let go."""
    each_kubectl("apply", "-f", "-", given=_WEB)
    each_kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    each_kubectl("set", "image", "deployment/web", "app=web:2")
    assert "successfully rolled out" in each_kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    history = each_kubectl("rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["1", "2"]
    assert "web:2" in each_kubectl("rollout", "history", "deployment/web", "--revision=2")
    each_kubectl("rollout", "undo", "deployment/web")
    each_kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert each_kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "web:1"
    each_kubectl("rollout", "pause", "deployment/web")
    each_kubectl("rollout", "resume", "deployment/web")
    each_kubectl("rollout", "restart", "deployment/web")
    each_kubectl("rollout", "status", "deployment/web", "--timeout=30s")


def test_scale_and_wait(kubectl: Kubectl, web: str) -> None:
    """For what isn't yet."""
    del web
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=3", "deployment/web", "--timeout=30s")
    assert len(kubectl("get", "pods", "-l", "app=web", "--no-headers").splitlines()) == 3
    kubectl("autoscale", "deployment/web", "--max=4")
    kubectl("expose", "deployment/web", "--name=again", "--port=80")
    kubectl("scale", "deployment/web", "--replicas=0", "--current-replicas=3")
    kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=60s")
    assert kubectl("get", "pods", "-l", "app=web", "--no-headers") == ""


@pytest.mark.parametrize(("cascade", "left"), [("foreground", 0), ("background", 0), ("orphan", 1)])
def test_delete_and_what_hangs_on_it(kubectl: Kubectl, web: str, cascade: str, left: int) -> None:
    """Goes first, goes after, or stays."""
    del web
    kubectl("delete", "deployment", "web", f"--cascade={cascade}", "--timeout=30s")
    if not left:
        kubectl("wait", "--for=delete", "replicaset", "--all", "--timeout=30s")
    assert len(kubectl("get", "replicasets", "--no-headers").splitlines()) == left


def test_a_namespace_goes_with_all_in_it(kubectl: Kubectl) -> None:
    """And kubectl waits for that."""
    kubectl("create", "namespace", "shop")
    kubectl("-n", "shop", "apply", "-f", "-", given=_WEB)
    kubectl("delete", "namespace", "shop", "--timeout=60s")
    assert "NotFound" in kubectl.fails("get", "namespace", "shop")


def test_explain_and_what_is_served(kubectl: Kubectl) -> None:
    """From discovery and the schemas."""
    assert "FIELD: replicas <integer>" in kubectl("explain", "deployment.spec.replicas")
    assert "deployments" in kubectl("api-resources", "--api-group=apps", "-o", "name")
    assert {"v1", "apps/v1", "gateway.networking.k8s.io/v1"} <= set(kubectl("api-versions").split())
    assert "Server Version: v1." in kubectl("version")
    assert "kubernetes-admin" in kubectl("auth", "whoami")
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_custom_resources(kubectl: Kubectl) -> None:
    """Are served from the moment that they are defined, by their own names, columns and schema."""
    kubectl("apply", "-f", "-", given=_DEFINITION)
    kubectl("wait", "--for=condition=Established", "crd/things.example.org", "--timeout=30s")
    thing = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\nspec: {size: 3}\n"
    assert kubectl("apply", "-f", "-", given=thing) == "thing.example.org/t created\n"
    assert kubectl("get", "th").split() == ["NAME", "SIZE", "t", "3"]
    assert "spec.size" in kubectl.fails("apply", "-f", "-", given=thing.replace("3", "0"))
    assert "FIELD: size <integer>" in kubectl("explain", "things.spec.size")
    kubectl("patch", "thing", "t", "--subresource=status", "--type=merge", "-p", '{"status":{"ready":true}}')
    kubectl("delete", "crd", "things.example.org", "--timeout=30s")
    # Newer ones ask again what there is, older ones go by what they remember.
    assert kubectl.fails("get", "things")


def test_nodes_are_emptied(kubectl: Kubectl, web: str) -> None:
    """Their pods go elsewhere."""
    del web
    kubectl("drain", "node-1", "--ignore-daemonsets", "--timeout=30s")
    assert "SchedulingDisabled" in kubectl("get", "node", "node-1")
    assert not kubectl("get", "pods", "--field-selector=spec.nodeName=node-1,status.phase=Running", "--no-headers")
    kubectl("uncordon", "node-1")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")


def test_logs_say_that_nothing_runs(kubectl: Kubectl, web: str) -> None:
    """And what needs a process is refused by name."""
    del web
    assert "web:1 started" in kubectl("logs", "deployment/web")
    assert "the pods of this cluster are simulated" in kubectl.fails("exec", "deployment/web", "--", "ls")
    assert "Metrics API not available" in kubectl.fails("top", "pods")
