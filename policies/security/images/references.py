"""The images of a pod, and what their references say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.judging import Field, Pod

_DOCKER: Final = "docker.io"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an image, with what container runtimes add to short ones."""

    repository: str
    """Registry and path: `docker.io/library/nginx`."""
    tag: str
    digest: str

    @property
    def pinned(self) -> bool:
        """Whether it has a digest, and a whole one."""
        return _DIGEST.fullmatch(self.digest) is not None


@dataclass(frozen=True, slots=True)
class Image:
    """An image that a pod runs or mounts."""

    at: Field
    shown: str
    """Of what: `container 'app'`."""
    pull: Field
    """When it is pulled."""

    @property
    def reference(self) -> Reference:
        """Where it is."""
        return parsed(self.at.text)


def images(pod: Pod) -> Iterator[Image]:
    """The images of all containers, and those that are mounted as volumes."""
    for container in pod.containers:
        yield Image(container.at("image"), container.shown, container.at("imagePullPolicy"))
    for volume in pod.at("volumes").items():
        image = volume.at("image")
        if not image.known or image.given:
            yield Image(image.at("reference"), f"volume {volume.at('name').shown}", image.at("pullPolicy"))


def parsed(text: str) -> Reference:
    """A reference in its parts: a registry is what has a dot or a port, or is `localhost`; all else is Docker Hub's."""
    named, _, digest = text.partition("@")
    path, colon, tag = named.rpartition(":")
    if not colon or "/" in tag:
        path, tag = named, ""
    first, slash, rest = path.partition("/")
    if not slash or not (first == "localhost" or {".", ":"} & {*first}):
        first, rest = _DOCKER, path if slash else f"library/{path}"
    elif first in {"index.docker.io", "registry-1.docker.io"}:
        first = _DOCKER
    return Reference(f"{first}/{rest}", tag, digest)
