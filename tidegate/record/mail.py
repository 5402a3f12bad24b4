"""Telling people by email, over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from tidegate.record.posting import UntoldError
from tidegate.record.wording import identity, message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from tidegate.model.happening import Happening

_TIMEOUT: Final = 10.0
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def email(values: Mapping[str, str], happening: Happening, environment: str) -> None:
    """Send it to the set's `recipients` by its `smtp-url`: `smtp://user:password@host:587`, or `smtps://` for TLS from the start."""
    server = _server(values["smtp-url"])
    try:
        with _connected(server) as client:
            client.send_message(_mail(values, happening, environment, server))
    except smtplib.SMTPAuthenticationError:
        raise UntoldError("the mail server doesn't take the user or password") from None
    except smtplib.SMTPRecipientsRefused:
        raise UntoldError("the mail server takes none of the recipients") from None
    except smtplib.SMTPResponseException as error:
        raise UntoldError(f"the mail server answers {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise UntoldError(f"the mail server can't be reached ({type(error).__name__})") from None


def _server(url: str) -> SplitResult:
    try:
        server = urlsplit(url)
        if server.scheme in _PORTS and server.hostname and server.port != 0:
            return server
    except ValueError:
        pass
    raise UntoldError("the set's smtp-url is none: smtp://user:password@host:587, with %2F for a / in the password and so on")


def _connected(server: SplitResult) -> smtplib.SMTP:
    host, port = str(server.hostname), server.port or _PORTS[server.scheme]
    tls = ssl.create_default_context()
    if server.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=tls)
    else:
        client = smtplib.SMTP(host, port, timeout=_TIMEOUT)
    try:
        if server.scheme == "smtp":
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=tls)
            elif host not in _LOOPBACK:
                _refuse_clear(server)
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        client.close()
        raise
    return client


def _refuse_clear(server: SplitResult) -> None:
    if server.username:
        raise UntoldError("the mail server offers no TLS, and its password would go in the clear")


def _mail(values: Mapping[str, str], happening: Happening, environment: str, server: SplitResult) -> EmailMessage:
    told = message(happening, environment)
    user = unquote(server.username or "")
    mail = EmailMessage()
    mail["Subject"] = " ".join(told.title.split())
    mail["From"] = values.get("sender") or (user if "@" in user else f"tidegate@{server.hostname}")
    mail["To"] = ", ".join(part.strip() for part in values["recipients"].split(",") if part.strip())
    # Whoever gets it twice sees it once.
    mail["Message-ID"] = f"<{identity(happening)}@tidegate>"
    mail.set_content(told.text)
    return mail
