"""Pods for hypothesis: as odd as the API still takes them, in each field that the Pod Security Standards look at.

Some parts of a pod are chosen to be odd, all others are as restricted has them; so of the pods many fail one check only, and some none.
Odd is also what is absent, null or empty.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.policies.wrapping import KINDS

Spec = dict[str, Any]
_Strategy = st.SearchStrategy[Any]

_FLAGS: Final = st.sampled_from([True, False, None])
_NAMES: Final = ("app", "web", "setup", "debug")
_SYSCTLS: Final = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_slow_start_after_idle",
)
_OTHER_SYSCTLS: Final = ("kernel.msgmax", "net.core.somaxconn", "")
_CAPABILITIES: Final = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
_OTHER_CAPABILITIES: Final = ("NET_RAW", "SYS_ADMIN", "ALL", "all", "CAP_CHOWN", "")
_VOLUMES: Final = (
    "hostPath",
    "emptyDir",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "persistentVolumeClaim",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "downwardAPI",
    "fc",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "projected",
    "portworxVolume",
    "scaleIO",
    "storageos",
    "csi",
    "ephemeral",
    "image",
)
_VOLUME: Final = st.sampled_from(["hostPath", "emptyDir", "nfs"]) | st.sampled_from(_VOLUMES)
_APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"


def _mostly(usual: _Strategy, rare: _Strategy) -> _Strategy:
    return st.sampled_from([True, True, True, True, False]).flatmap(lambda usually: usual if usually else rare)


def _some(**fields: _Strategy) -> _Strategy:
    """A mapping with all of the fields, or some; now and then none, or null."""
    return _mostly(st.fixed_dictionaries(fields) | st.fixed_dictionaries({}, optional=fields), st.none())


def _list(part: _Strategy, most: int = 3) -> _Strategy:
    return _mostly(st.lists(part, min_size=1, max_size=most), st.none() | st.just([]))


def _profile(*types: str | None) -> _Strategy:
    return _some(type=st.sampled_from(types))


_SECCOMP: Final = _profile("RuntimeDefault", "Localhost", "Unconfined", "runtime/default", "", None)
_ARMOR: Final = _profile("RuntimeDefault", "Localhost", "Unconfined", "localhost/web", "", None)
_LABELS: Final = st.sampled_from(["", None, "system_u", "sysadm_r"])
_SELINUX: Final = _some(
    type=st.sampled_from(["container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t", "", None]),
    user=_LABELS,
    role=_LABELS,
    level=st.sampled_from(["s0:c123,c456", None]),
)
_WINDOWS: Final = _some(hostProcess=_FLAGS, runAsUserName=st.sampled_from(["ContainerUser", None]))
_HANDLER: Final = _some(
    httpGet=_some(host=st.sampled_from(["", None, "127.0.0.1", "metadata.internal"]), port=st.just(80)),
    tcpSocket=_some(host=st.sampled_from(["", None, "10.0.0.1"]), port=st.just(80)),
)
_ODD_CONTAINER: Final[dict[str, _Strategy]] = {
    "securityContext.privileged": _FLAGS,
    "securityContext.allowPrivilegeEscalation": _FLAGS,
    "securityContext.runAsNonRoot": _FLAGS,
    "securityContext.runAsUser": st.sampled_from([0, 1, 65534, None]),
    "securityContext.capabilities": _some(
        add=_list(st.sampled_from(_CAPABILITIES) | st.sampled_from(_OTHER_CAPABILITIES)),
        drop=_list(st.sampled_from(["ALL", "all", "NET_RAW", "KILL", ""])),
    ),
    "securityContext.seccompProfile": _SECCOMP,
    "securityContext.appArmorProfile": _ARMOR,
    "securityContext.seLinuxOptions": _SELINUX,
    "securityContext.windowsOptions": _WINDOWS,
    "securityContext.procMount": st.sampled_from(["Default", "Unmasked", "", None]),
    "securityContext": st.none() | st.just({}),
    "ports": _list(_some(containerPort=st.just(80), hostPort=st.sampled_from([0, 80, 65535, None]))),
    "livenessProbe": _HANDLER,
    "readinessProbe": _HANDLER,
    "startupProbe": _HANDLER,
    "lifecycle": _some(postStart=_HANDLER, preStop=_HANDLER),
}
_ODD_POD: Final[dict[str, _Strategy]] = {
    "hostNetwork": _FLAGS,
    "hostPID": _FLAGS,
    "hostIPC": _FLAGS,
    "hostUsers": _FLAGS,
    "os": _some(name=st.sampled_from(["windows", "linux", "", "Windows"])),
    "securityContext.runAsNonRoot": _FLAGS,
    "securityContext.runAsUser": st.sampled_from([0, 1000, None]),
    "securityContext.seccompProfile": _SECCOMP,
    "securityContext.appArmorProfile": _ARMOR,
    "securityContext.seLinuxOptions": _SELINUX,
    "securityContext.windowsOptions": _WINDOWS,
    "securityContext.sysctls": _list(
        st.fixed_dictionaries({"name": st.sampled_from(_SYSCTLS) | st.sampled_from(_OTHER_SYSCTLS)}, optional={"value": st.just("1")})
    ),
    "securityContext": st.none() | st.just({}),
    "volumes": _list(
        st.dictionaries(_VOLUME, _mostly(st.just({}), st.none()), max_size=2).map(lambda sources: {"name": "data", **sources})
    ),
}
_TAME_CONTAINER: Final = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_TAME_POD: Final = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@st.composite
def _odd(draw: st.DrawFn, tame: Spec, fields: dict[str, _Strategy], most: int) -> Spec:
    made = {**tame, "securityContext": {**tame["securityContext"]}}
    for path in draw(st.lists(st.sampled_from(sorted(fields)), max_size=most, unique=True)):
        value = draw(fields[path])
        above, _, key = path.rpartition(".")
        if above:
            made[above] = {**(made[above] or {}), key: value}
        else:
            made[key] = value
    return made


def containers() -> _Strategy:
    """A container, odd in at most four ways."""
    return st.sampled_from(_NAMES).flatmap(lambda name: _odd({"name": name, "securityContext": _TAME_CONTAINER}, _ODD_CONTAINER, 4))


def _optional(part: _Strategy) -> _Strategy:
    return st.sampled_from([0, 0, 0, 1, 2]).flatmap(lambda how_many: st.lists(part, min_size=how_many, max_size=how_many))


@st.composite
def pods(draw: st.DrawFn) -> Spec:
    """The specification of a pod."""
    spec: Spec = draw(_odd({"securityContext": _TAME_POD}, _ODD_POD, 4))
    spec["containers"] = draw(st.lists(containers(), min_size=1, max_size=2))
    for part in ("initContainers", "ephemeralContainers"):
        if found := draw(_optional(containers())):
            spec[part] = found
        else:
            spec |= draw(st.sampled_from([{}, {part: None}, {part: []}]))
    return spec


def noted() -> _Strategy:
    """A pod's annotations; those of AppArmor are looked at, those of seccomp no longer."""
    profiles = st.sampled_from(["runtime/default", "localhost/web", "localhost", "unconfined", "", None])
    keys = st.sampled_from([f"{_APP_ARMOR}app", f"{_APP_ARMOR}gone", _APP_ARMOR[:-1], "seccomp.security.alpha.kubernetes.io/pod", "team"])
    return st.just({}) | st.dictionaries(keys, profiles, max_size=2)


def kinds() -> _Strategy:
    """What makes the pods."""
    return st.sampled_from(sorted(KINDS))
