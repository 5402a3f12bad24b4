"""Which build service runs this process, by the variables that it sets, and what it says of the build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DISABLE: Final = "PULUMI_DISABLE_CI_DETECTION"


@dataclass(frozen=True, slots=True)
class Build:
    """A build; "" where the service does not say."""

    system: str
    id: str = ""
    number: str = ""
    type: str = ""
    url: str = ""
    sha: str = ""
    pull_request: str = ""
    branch: str = ""
    message: str = ""

    def environment(self) -> dict[str, str]:
        """The keys of a history entry."""
        found = {
            "ci.system": self.system,
            "ci.build.id": self.id,
            "ci.build.number": self.number,
            "ci.build.type": self.type,
            "ci.build.url": self.url,
            "ci.pr.headSHA": self.sha,
            "ci.pr.number": self.pull_request,
        }
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    detect: tuple[str, ...]
    fields: Mapping[str, str]


_SERVICES: Final = (
    _Service("AppVeyor", ("APPVEYOR",), {}),
    _Service("AWS CodeBuild", ("CODEBUILD_BUILD_ARN",), {}),
    _Service("Atlassian Bamboo", ("bamboo_planKey",), {}),
    _Service(
        "Atlassian Bitbucket Pipelines",
        ("BITBUCKET_COMMIT",),
        {"id": "BITBUCKET_BUILD_NUMBER", "sha": "BITBUCKET_COMMIT", "branch": "BITBUCKET_BRANCH", "pull_request": "BITBUCKET_PR_ID"},
    ),
    _Service(
        "Azure Pipelines",
        ("TF_BUILD",),
        {
            "id": "BUILD_BUILDID",
            "number": "BUILD_BUILDNUMBER",
            "type": "BUILD_REASON",
            "sha": "BUILD_SOURCEVERSION",
            "branch": "BUILD_SOURCEBRANCHNAME",
            "message": "BUILD_SOURCEVERSIONMESSAGE",
            "pull_request": "SYSTEM_PULLREQUEST_PULLREQUESTID",
        },
    ),
    _Service(
        "Buildkite",
        ("BUILDKITE",),
        {
            "id": "BUILDKITE_BUILD_ID",
            "number": "BUILDKITE_BUILD_NUMBER",
            "type": "BUILDKITE_SOURCE",
            "url": "BUILDKITE_BUILD_URL",
            "sha": "BUILDKITE_COMMIT",
            "branch": "BUILDKITE_BRANCH",
            "message": "BUILDKITE_MESSAGE",
        },
    ),
    _Service(
        "CircleCI", ("CIRCLECI",), {"id": "CIRCLE_BUILD_NUM", "url": "CIRCLE_BUILD_URL", "sha": "CIRCLE_SHA1", "branch": "CIRCLE_BRANCH"}
    ),
    _Service(
        "GitHub",
        ("GITHUB_ACTIONS",),
        {"id": "GITHUB_RUN_ID", "number": "GITHUB_RUN_NUMBER", "type": "GITHUB_EVENT_NAME", "sha": "GITHUB_SHA", "branch": "GITHUB_REF"},
    ),
    _Service(
        "GitLab",
        ("GITLAB_CI",),
        {
            "id": "CI_PIPELINE_ID",
            "number": "CI_PIPELINE_IID",
            "type": "CI_PIPELINE_SOURCE",
            "url": "CI_JOB_URL",
            "sha": "CI_COMMIT_SHA",
            "branch": "CI_COMMIT_REF_NAME",
            "message": "CI_COMMIT_MESSAGE",
            "pull_request": "CI_MERGE_REQUEST_IID",
        },
    ),
    _Service("Jenkins", ("JENKINS_URL",), {"id": "BUILD_NUMBER", "url": "BUILD_URL", "sha": "GIT_COMMIT", "branch": "GIT_BRANCH"}),
    _Service("TeamCity", ("TEAMCITY_VERSION",), {}),
    _Service(
        "Travis",
        ("TRAVIS",),
        {
            "id": "TRAVIS_JOB_ID",
            "number": "TRAVIS_JOB_NUMBER",
            "type": "TRAVIS_EVENT_TYPE",
            "url": "TRAVIS_BUILD_WEB_URL",
            "sha": "TRAVIS_PULL_REQUEST_SHA",
            "branch": "TRAVIS_BRANCH",
            "message": "TRAVIS_COMMIT_MESSAGE",
        },
    ),
)
_GENERIC: Final = {
    "id": "PULUMI_CI_BUILD_ID",
    "number": "PULUMI_CI_BUILD_NUMBER",
    "type": "PULUMI_CI_BUILD_TYPE",
    "url": "PULUMI_CI_BUILD_URL",
    "sha": "PULUMI_CI_PULL_REQUEST_SHA",
    "branch": "PULUMI_CI_BRANCH_NAME",
    "message": "PULUMI_COMMIT_MESSAGE",
    "pull_request": "PULUMI_PR_NUMBER",
}


def detect(environ: Mapping[str, str]) -> Build | None:
    """The build that this process is part of, or None."""
    if environ.get(DISABLE):
        return None
    if environ.get("PULUMI_CI_SYSTEM"):
        return _build(environ["PULUMI_CI_SYSTEM"], _GENERIC, environ)
    for service in _SERVICES:
        if any(name in environ for name in service.detect):
            build = _build(service.name, service.fields, environ)
            repository = environ.get("GITHUB_REPOSITORY")
            if service.name == "GitHub" and repository and build.id:
                url = f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}/actions/runs/{build.id}"
                return Build(build.system, build.id, build.number, build.type, url, build.sha, "", build.branch)
            return build
    return None


def _build(system: str, fields: Mapping[str, str], environ: Mapping[str, str]) -> Build:
    return Build(system, **{name: environ.get(variable, "") for name, variable in fields.items()})
