"""Kubernetes' own evaluator of the Pod Security Standards: main.go beside this, built where Go is, and asked line by line."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.node import folder
from embedded.node.building import Module, Program
from embedded.node.needs import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODULE: Final = Module("the evaluator of the Pod Security Standards", Path(__file__).parent, "k8s.io/pod-security-admission")
PROGRAM: Final = Program(MODULE, "half a minute")
_PATIENCE: Final = 20
_LONG: Final = 300


def built() -> Path:
    """The program; built if it isn't there yet. It is kept in the user's cache, and built anew when its sources are others."""
    cache = folder.cache(os.environ).with_name("tests")
    PROGRAM.make(cache, print)
    return PROGRAM.binary(cache)


def source() -> Path:
    """Where Go keeps the module that the evaluator is of, with the pods that Kubernetes tests it with."""
    command = [tool("go") or "go", "mod", "download", "-json", MODULE.requires]
    said = subprocess.run(command, cwd=MODULE.source, check=True, capture_output=True, timeout=_LONG)
    return Path(json.loads(said.stdout)["Dir"])


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a pod is allowed at a level, by a version of Kubernetes."""

    level: str
    minor: int
    annotations: dict[str, Any]
    spec: dict[str, Any]

    def line(self) -> str:
        """As the program takes it."""
        version, metadata = f"1.{self.minor}", {"annotations": self.annotations}
        return json.dumps({"level": self.level, "version": version, "metadata": metadata, "spec": self.spec}) + "\n"


class Evaluator:
    """The running program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def failed(self, questions: Sequence[Question]) -> list[set[str]]:
        """The checks that each of the pods fails, by Kubernetes' own names; a few pods at a time."""
        assert self._process.stdin is not None
        self._process.stdin.writelines(question.line() for question in questions)
        self._process.stdin.flush()
        return [self._answer() for _ in questions]

    def _answer(self) -> set[str]:
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        assert not said.get("error"), said["error"]
        assert said["allowed"] is not bool(said["failed"])
        return set(said["failed"])


def running(program: Path) -> Iterator[Evaluator]:
    """The program, as long as it is needed."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Evaluator(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(_PATIENCE) == 0
