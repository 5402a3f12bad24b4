"""OCI archives: images as one file, in the layout that `ctr images import`, `docker load` and `skopeo` read.

Several images may be in one archive; a layer that they share is there once. Each image is known by its name and by its digest, so that
pods may pin it: the kubelet finds `name@sha256:...` without a registry too. The same images make the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import platform
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.node.images.layers import Layer, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAME: Final = "io.containerd.image.name"
NOBODY: Final = "65532:65532"
"""Who runs what doesn't say: nobody in particular, and not root."""

_REFERENCE: Final = "org.opencontainers.image.ref.name"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# OCI wants one; that of the day would make other bytes each day.
_CREATED: Final = "1970-01-01T00:00:00Z"


def architecture() -> str:
    """This machine's, as OCI and Go call it."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


@dataclass(frozen=True, slots=True)
class Config:
    """How an image is run, where the pod doesn't say otherwise."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = NOBODY
    folder: str = "/"
    ports: Sequence[int] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    stop: str | None = None
    """The signal that tells it to end; SIGTERM if not given."""
    architecture: str = field(default_factory=architecture)


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its name with its tag, its layers from the lowest up, and how it is run."""

    name: str
    layers: Sequence[Layer]
    config: Config = field(default_factory=Config)

    @property
    def digest(self) -> str:
        """What pins it."""
        return digest(self.blobs()[-1])

    @property
    def pinned(self) -> str:
        """The name that means this image and no other."""
        return f"{repository(self.name)}@{self.digest}"

    def blobs(self) -> tuple[bytes, ...]:
        """The layers, the configuration, and at last the manifest."""
        config = _json(_configuration(self))
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [{"mediaType": _LAYER, "digest": layer.digest, "size": len(layer.tar)} for layer in self.layers],
        }
        return (*(layer.tar for layer in self.layers), config, _json(manifest))


def cache() -> Path:
    """Where archives are kept: all of them can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate" / "node" / "images"


def repository(name: str) -> str:
    """An image's name without its tag and digest."""
    name = name.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def write(path: Path, name: str, layers: Sequence[Layer], config: Config) -> Image:
    """Write an archive of one image; says what it is."""
    image = Image(name, layers, config)
    write_all(path, (image,))
    return image


def write_all(path: Path, images: Iterable[Image]) -> None:
    """Write an archive of all these images: it is there whole, or not at all."""
    blobs: dict[str, bytes] = {}
    manifests: list[dict[str, Any]] = []
    for image in images:
        if "@" in image.name:
            raise ValueError(f"{image.name!r} has a digest, which follows from what is in the image: give name and tag alone")
        # An image's configuration and manifest are small; a layer's digest is known.
        *_, config, manifest = image.blobs()
        blobs |= {layer.digest: layer.tar for layer in image.layers} | {digest(config): config, digest(manifest): manifest}
        where = {"architecture": image.config.architecture, "os": "linux"}
        for called in (image.name, f"{repository(image.name)}@{digest(manifest)}"):
            notes = {NAME: called, _REFERENCE: called}
            manifests.append(_descriptor(_MANIFEST, manifest) | {"platform": where, "annotations": notes})
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
            _add(tar, "index.json", _json(index))
            for name in sorted(blobs):
                _add(tar, f"blobs/{name.replace(':', '/')}", blobs[name])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> list[Image]:
    """The images of an archive, each once, with all that is in them. What isn't what its digest says is refused."""
    with tarfile.open(path) as tar:
        content = {member.name: file.read() for member in tar if (file := tar.extractfile(member))}

    def blob(name: str) -> bytes:
        found = content[f"blobs/{name.replace(':', '/')}"]
        if digest(found) != name:
            raise ValueError(f"{path}: blob {name} is not what its name says; write the archive anew")
        return found

    images: list[Image] = []
    for described in json.loads(content["index.json"])["manifests"]:
        name = described["annotations"][NAME]
        # Each is there by its digest too.
        if "@" not in name:
            manifest = json.loads(blob(described["digest"]))
            layers = tuple(Layer(blob(layer["digest"])) for layer in manifest["layers"])
            images.append(Image(name, layers, _read(json.loads(blob(manifest["config"]["digest"])))))
    return images


def _read(made: dict[str, Any]) -> Config:
    run = made["config"]
    return Config(
        entrypoint=tuple(run.get("Entrypoint", ())),
        command=tuple(run.get("Cmd", ())),
        env=dict(pair.split("=", 1) for pair in run.get("Env", ())),
        user=run["User"],
        folder=run["WorkingDir"],
        ports=tuple(sorted(int(port.partition("/")[0]) for port in run.get("ExposedPorts", {}))),
        labels=run.get("Labels", {}),
        stop=run.get("StopSignal"),
        architecture=made["architecture"],
    )


def _configuration(image: Image) -> dict[str, Any]:
    config = image.config
    run: dict[str, Any] = {"User": config.user, "WorkingDir": config.folder}
    if config.entrypoint:
        run["Entrypoint"] = list(config.entrypoint)
    if config.command:
        run["Cmd"] = list(config.command)
    if config.env:
        run["Env"] = [f"{name}={value}" for name, value in sorted(config.env.items())]
    if config.ports:
        run["ExposedPorts"] = {f"{port}/tcp": {} for port in config.ports}
    if config.labels:
        run["Labels"] = dict(config.labels)
    if config.stop:
        run["StopSignal"] = config.stop
    return {
        "created": _CREATED,
        "architecture": config.architecture,
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in image.layers]},
    }


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
