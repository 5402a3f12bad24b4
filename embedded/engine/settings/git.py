"""The commit that a project is checked out at, as history entries record it.

The `git` command is asked three questions at once, at the start of an update, and heard at its end: a big checkout takes a
second to answer whether it is clean. Outside of a checkout variables may say the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.settings.ci import Build

_SECONDS: Final = 5
_FORMAT: Final = "%H%x00%cn%x00%ce%x00%an%x00%ae%x00%B"
_FIELDS: Final = 6
_QUESTIONS: Final = (
    ("log", "-1", "--no-show-signature", f"--format={_FORMAT}"),
    ("status", "--porcelain", "-z"),
    ("config", "--get-all", "remote.origin.url"),
)
_SCP: Final = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?!//)(?P<path>.+)")
_URL: Final = re.compile(r"(?P<scheme>[a-z+]+)://(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+)?/(?P<path>.+)")
_FROM_VARIABLES: Final = {
    "vcs.owner": "PULUMI_VCS_REPO_OWNER",
    "vcs.repo": "PULUMI_VCS_REPO_NAME",
    "vcs.kind": "PULUMI_VCS_REPO_KIND",
    "vcs.root": "PULUMI_VCS_REPO_ROOT",
    "git.headName": "PULUMI_GIT_HEAD_NAME",
    "git.head": "PULUMI_GIT_HEAD",
    "git.committer": "PULUMI_GIT_COMMITTER",
    "git.committer.email": "PULUMI_GIT_COMMITTER_EMAIL",
    "git.author": "PULUMI_GIT_AUTHOR",
    "git.author.email": "PULUMI_GIT_AUTHOR_EMAIL",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's title, and the keys of a history entry."""

    title: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class Asked:
    """The questions, under way. `answer` waits for what git says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)
        git = shutil.which("git") if self._root is not None else None
        self._processes = [] if git is None else [_start(git, folder, question) for question in _QUESTIONS]

    def answer(self, build: Build | None = None) -> Commit:
        """The commit; nothing where git does not answer in time. Outside of a checkout, what variables say."""
        if self._root is None:
            return _from_variables(build)
        processes, self._processes = self._processes, []
        if not processes:
            return Commit()
        log, status, remote = [_answer(process) for process in processes]
        environment = _remote(remote.splitlines()[0], self._root, self._folder) if remote else {}
        parts = (log or "").split("\0", _FIELDS - 1)
        if len(parts) != _FIELDS:
            return Commit("", environment)
        head, committer, committer_email, author, author_email, text = parts
        environment |= {
            "git.head": head,
            "git.committer": committer,
            "git.committer.email": committer_email,
            "git.author": author,
            "git.author.email": author_email,
        }
        name = _head_name(self._root) or (build.branch if build else "")
        if name:
            environment["git.headName"] = name
        if status is not None:
            environment["git.dirty"] = "true" if status else "false"
        return Commit(_title(text.strip() or (build.message if build else "")), environment)


def _start(git: str, folder: Path, question: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [git, *question],
        cwd=folder,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _answer(process: subprocess.Popen[bytes]) -> str | None:
    with process:
        try:
            output, _ = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return output.decode(errors="replace") if process.returncode == 0 else None


def _head_name(root: Path) -> str:
    """`refs/heads/main`; "" where no branch is checked out."""
    file = root / ".git"
    try:
        # Of a worktree, `.git` is a file that names the folder.
        folder = root / file.read_text(encoding="utf-8").partition("gitdir:")[2].strip() if file.is_file() else file
        _, reference, name = (folder / "HEAD").read_text(encoding="utf-8").partition("ref: ")
    except OSError:
        return ""
    return name.strip() if reference else ""


def _remote(url: str, root: Path, folder: Path) -> dict[str, str]:
    match = _URL.fullmatch(url) or _SCP.fullmatch(url)
    if match is None:
        return {}
    owner, slash, repository = match["path"].removesuffix(".git").partition("/")
    if not slash:
        return {}
    relative = os.path.relpath(folder.resolve(), root.resolve()).replace(os.sep, "/")
    return {"vcs.owner": owner, "vcs.repo": repository, "vcs.kind": match["host"], "vcs.root": relative}


def _from_variables(build: Build | None) -> Commit:
    found = {key: os.environ[name] for key, name in _FROM_VARIABLES.items() if os.environ.get(name)}
    if build and build.branch:
        found.setdefault("git.headName", build.branch)
    message = os.environ.get("PULUMI_GIT_COMMIT_MESSAGE") or (build.message if build else "")
    return Commit(_title(message), found)


def _title(message: str) -> str:
    return re.split(r"[\r\n]", message, maxsplit=1)[0]
