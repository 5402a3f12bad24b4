"""`whoami`, `login`, `logout` and `org`: which backend is in use. A DIY backend knows no accounts."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Final

from embedded.engine.command.common import JSON, OUTPUT
from embedded.engine.command.context import user
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import complain, say, say_json
from embedded.engine.model.errors import ConfigurationError, EngineError
from embedded.engine.settings import workspace

if TYPE_CHECKING:
    from embedded.engine.command.context import Context

LOCAL: Final = "file://~"
_CLOUD: Final = "use `file://` or `s3://`, or the real `pulumi` CLI"


def whoami(context: Context) -> None:
    """Print the user's name."""
    url = context.backend_url
    if context.json:
        say_json({"user": user(), "url": url})
        return
    if context.given.on("verbose"):
        say(f"User: {user()}\nOrganizations: \nBackend URL: {url}\nToken type: personal")
        return
    say(user())


def login(context: Context) -> None:
    """Choose a backend for all projects that name none."""
    given = context.given
    named = [n for n in (*context.args, given.text("cloud-url"), LOCAL if given.on("local") else "") if n]
    if len(named) > 1:
        msg = "only one of the argument, --cloud-url and --local may name the backend"
        raise ConfigurationError(msg)
    url = named[0] if named else context.backend_url
    current = os.environ.get(workspace.BACKEND_URL)
    if current and current != url:
        complain(
            f"Warning: The {workspace.BACKEND_URL} environment variable is set to '{current}', which conflicts with the login URL '{url}'."
        )
    from embedded.engine.backend.diy import Backend

    Backend.open(url)
    workspace.login(url)
    say(f"Logged in to {platform.node()} as {user()} ({url})")


def logout(context: Context) -> None:
    """Forget a backend, or the current one."""
    given = context.given
    url = next((n for n in (*context.args, given.text("cloud-url"), LOCAL if given.on("local") else "") if n), "")
    url = url or workspace.backend_url(context.maybe_project) or ""
    if not url:
        msg = "not logged in to any backend"
        raise EngineError(msg)
    workspace.logout(url)
    say(f"Logged out of {url}")


def get_default(_: Context) -> None:
    """DIY backends have no organizations."""
    msg = f'backends of this type "{platform.node()}" do not support organizations'
    raise EngineError(msg)


_URL: Final = (
    Flag("cloud-url", "The URL of the backend", "text", "c"),
    Flag("local", f"Keep state under the home folder (an alias for {LOCAL})", short="l"),
)
_OIDC: Final = tuple(
    Flag(name, kind="text", refused=_CLOUD)
    for name in ("default-org", "oidc-expiration", "oidc-org", "oidc-team", "oidc-token", "oidc-user")
)
_NO_ORGANIZATIONS: Final = "a DIY backend has none; with Pulumi Cloud use the real `pulumi` CLI"

VERBS = (
    Verb("whoami", "Print the current user", whoami, (JSON, OUTPUT, Flag("verbose", "Print details too", short="v"))),
    Verb(
        "login",
        "Choose the backend where state is kept",
        login,
        (*_URL, *_OIDC, Flag("insecure", refused=_CLOUD), Flag("interactive", refused=_CLOUD)),
        args="[url]",
        most=1,
    ),
    Verb("logout", "Forget a backend", logout, (*_URL, Flag("all", refused="log out of each")), args="[url]", most=1),
    Verb(
        "org",
        "Organizations",
        children=(
            Verb("get-default", "Print the default organization (a DIY backend has none)", get_default),
            *(
                Verb(name, "", refused=_NO_ORGANIZATIONS)
                for name in ("audit-log", "member", "role", "search", "set-default", "usage", "webhook")
            ),
        ),
    ),
)
