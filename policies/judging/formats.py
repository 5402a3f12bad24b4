"""Secrets that are known by their looks: tokens of services, private keys, and connection strings with a password.

Each has words that must be there before its pattern is tried, so that long texts are read quickly. What only stands for a secret, such as
`${TOKEN}` or `<password>`, is none.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

# In a text, and instead of one.
_REFERENCE: Final = re.compile(r"\$[({]|\{\{|%\(\w|%%\w")
_REFERENCES: Final = re.compile(r"(?:\$[A-Za-z_]\w*)+|%[sdv]|<[^>]+>|@@.*|\[\[.*|ENC[\[(].*|\{cipher\}.*", re.DOTALL)
_STANDS_FOR: Final = re.compile(
    r"(?i)^(?:(.)\1*|your[-_ ].*|.*[-_ ]here|(?:an?[-_ ])?(?:example|dummy|placeholder|redacted|sample)(?:[-_ ].*)?"
    r"|(?:to[-_ ]?do|replace[-_ ]?(?:me|this|with.*)|insert[-_ ].*|fill[-_ ]?(?:me|in).*))$"
)
_EXAMPLES: Final = frozenset({"password", "passwd", "pass", "pwd", "pw", "secret"})
_SOMEBODY: Final = frozenset({"user", "username", "usr", "login", "name"})
_SHORTEST: Final = 8
"""Nothing that is shorter is a secret by its looks, or a text in base64."""


@dataclass(frozen=True, slots=True)
class Known:
    """A secret that was found, without its text."""

    what: str
    """What it looks like: `a GitHub token`."""
    start: int
    """Where in the text it begins."""
    password: tuple[int, int]
    """Where the part is that nobody else may know: the whole of it, or what a login has as its password."""


def is_reference(value: str) -> bool:
    """Whether a value only says where a secret is to come from, or that one belongs here."""
    return any((_REFERENCE.search(value), _REFERENCES.fullmatch(value), _STANDS_FOR.match(value)))


def known(text: str) -> Iterator[Known]:
    """The secrets in a text that are known by their looks."""
    for word, one in _WORDS if len(text) >= _SHORTEST else ():
        if word in text:
            for match in one.pattern.finditer(text):
                if one.check(match):
                    part = "password" if "password" in match.re.groupindex else 0
                    yield Known(one.what, match.start(), match.span(part))


def decoded(token: str) -> str | None:
    """The text that a base64 text stands for; None if it isn't one of ordinary characters."""
    plain = token.replace("-", "+").replace("_", "/").rstrip("=")
    if len(plain) % 4 == 1:
        return None
    try:
        text = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if len(text) >= _SHORTEST and all(c.isprintable() or c in "\r\n\t" for c in text) else None


def _anything(match: re.Match[str]) -> bool:
    return not match[0].endswith("EXAMPLE") and len(set(match[0])) > _FEW


_FEW: Final = 8
"""Different characters that a token has at least: `ghp_xxxx` is an example."""


def _is_jwt(match: re.Match[str]) -> bool:
    header = decoded(match[1])
    try:
        return header is not None and "alg" in json.loads(header)
    except (ValueError, TypeError):
        return False


def _is_login(match: re.Match[str]) -> bool:
    user, password = match["user"], match["password"]
    if is_reference(password) or is_reference(user):
        return False
    return not (password.lower() in _EXAMPLES and user.lower() in _SOMEBODY)


def _is_password(match: re.Match[str]) -> bool:
    return not is_reference(match["password"])


def _is_part_of_connection(match: re.Match[str]) -> bool:
    text = match.string
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.end()]
    return _is_password(match) and _CONNECTION.search(line) is not None


_CONNECTION: Final = re.compile(r"(?i)(?<![^?&;\s])(?:host|server|data source|user(?: ?id)?|uid|dbname|database)[ \t]*=|jdbc:")


def _is_credential(match: re.Match[str]) -> bool:
    if is_reference(match["password"]):
        return False
    return match["scheme"].lower() == "bearer" or ":" in (decoded(match["password"]) or "")


def _is_docker_login(match: re.Match[str]) -> bool:
    return re.fullmatch(r"[^:\s]+:\S+", decoded(match[1]) or "") is not None


@dataclass(frozen=True, slots=True)
class _Format:
    what: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Callable[[re.Match[str]], bool] = _anything


def _format(what: str, words: str, pattern: str, check: Callable[[re.Match[str]], bool] = _anything) -> _Format:
    return _Format(what, tuple(words.split()), re.compile(pattern), check)


_NOT_BEFORE: Final = r"(?<![A-Za-z0-9_])"
_NOT_AFTER: Final = r"(?![A-Za-z0-9_])"


def _token(what: str, words: str, pattern: str) -> _Format:
    return _format(what, words, f"{_NOT_BEFORE}(?:{pattern}){_NOT_AFTER}")


_FORMATS: Final = (
    _format(
        "a private key",
        "PRIVATE",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s|[A-Za-z\-]+: [^\n\\]*)*[A-Za-z0-9+/=]{16}",
    ),
    _format("a private key", "PuTTY-User-Key-File", r"PuTTY-User-Key-File-\d:[\s\S]{1,4000}?Private-Lines:"),
    _format(
        "a private key",
        "IBADANBgkqhkiG9w0BAQEFAASC IBAAKCA MHcCAQEE MIGkAgEBBD MIGHAgEAMBMGByqGSM49 MIG2AgEAMBAGByqGSM49 MC4CAQAwBQYDK2Vw",
        f"{_NOT_BEFORE}(?:MII[A-Za-z0-9+/]{{3}}IB(?:ADANBgkqhkiG9w0BAQEFAASC|AAKCA)"
        "|MHcCAQEE|MIGkAgEBBD|MIGHAgEAMBMGByqGSM49|MIG2AgEAMBAGByqGSM49|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/]{20}",
    ),
    _token("an age private key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _token("an AWS access key", "AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _token("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _token("a GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _format(
        "a GitLab token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- gloas-",
        r"(?<![A-Za-z0-9_])gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_\-]{20,}",
    ),
    _format(
        "a Slack token", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-", r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9\-]{10,}"
    ),
    _format(
        "a Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]{8,}"
    ),
    _format("a Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_\-]{60,}"),
    _format("a JSON Web Token", "eyJ", r"(?<![A-Za-z0-9_\-])(eyJ[A-Za-z0-9_\-]{8,})\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{20,}", _is_jwt),
    _token("a Stripe key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[rs]k_(?:live|test)_[A-Za-z0-9]{20,}"),
    _format(
        "an OpenAI key",
        "sk-",
        r"(?<![A-Za-z0-9_\-])sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_\-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})",
    ),
    _format("an Anthropic key", "sk-ant-", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_\-]{60,}"),
    _format("a Google API key", "AIza", r"(?<![A-Za-z0-9_\-])AIza[A-Za-z0-9_\-]{35}(?![A-Za-z0-9_\-])"),
    _token("a Google OAuth secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_\-]{28}"),
    _token("an npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _format("a PyPI token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_\-]{50,}"),
    _format("a SendGrid key", "SG.", r"(?<![A-Za-z0-9_\-])SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43}"),
    _format("a Vault token", "hvs. hvb. hvr.", r"(?<![A-Za-z0-9_\-])hv[sbr]\.[A-Za-z0-9_\-]{24,}"),
    _token("a DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _token("a Hugging Face token", "hf_", r"hf_[A-Za-z]{34}"),
    _token("a Pulumi token", "pul-", r"pul-[a-f0-9]{40}"),
    _format("a Docker Hub token", "dckr_pat_", r"dckr_pat_[A-Za-z0-9_\-]{27,}"),
    _token("a Grafana token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    _format("a Grafana Cloud token", "glc_eyJ", r"glc_eyJ[A-Za-z0-9+/=]{40,}"),
    _token("a Databricks token", "dapi", r"dapi[a-f0-9]{32}"),
    _token("a Shopify token", "shpat_ shpss_ shpca_ shppa_", r"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}"),
    _token("a Linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _token("a New Relic key", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _format("a Terraform Cloud token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-=]{60,}"),
    _format("an Azure client secret", "Q~", r"(?<![A-Za-z0-9_~.\-])[A-Za-z0-9_~.\-]{3}\dQ~[A-Za-z0-9_~.\-]{31,34}(?![A-Za-z0-9_~.\-])"),
    _format(
        "an Azure storage key",
        "AccountKey= SharedAccessKey=",
        r"(?:AccountKey|SharedAccessKey)=(?P<password>[A-Za-z0-9+/]{40,}={0,2})",
        _is_password,
    ),
    _format("a Telegram bot's token", ":AA", r"(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_\-]{33}(?![A-Za-z0-9_\-])"),
    _format(
        "a connection string with a password",
        "://",
        r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.\-]{1,30}://(?P<user>[^\s:/?#@\"'<>`\\]*):(?P<password>[^\s/?#@\"'`\\]+)@[A-Za-z0-9$\[{(<]",
        _is_login,
    ),
    _format(
        "a connection string with a password",
        "assword ASSWORD pwd Pwd PWD",
        r"(?i)(?<![^?&;\s])(?:password|pwd)[ \t]*=[ \t]*(?P<password>[^&;\s\"']{3,})",
        _is_part_of_connection,
    ),
    _format(
        "a connection string with a password",
        "jdbc:oracle",
        r"jdbc:oracle:\w+:(?P<user>[^/@\s]+)/(?P<password>[^@\s\"']+)@",
        _is_login,
    ),
    _format(
        "a password of Redis",
        "requirepass masterauth",
        r"(?m)^[ \t]*(?:requirepass|masterauth)[ \t]+[\"']?(?P<password>[^\s\"']{3,})",
        _is_password,
    ),
    _format(
        "credentials of an HTTP request",
        "Bearer bearer Basic basic",
        r"(?i)authorization[\"']?\s*[:=,]\s*[\"']?(?P<scheme>bearer|basic)\s+(?P<password>[A-Za-z0-9+/=._~\-]{8,})",
        _is_credential,
    ),
    _format("a login to a registry", '"auth"', r'"auth"\s*:\s*"([A-Za-z0-9+/=]{8,})"', _is_docker_login),
    _format("a registry's token", "_authToken", r"_authToken\s*=\s*(?P<password>[^\s\"']{8,})", _is_password),
)
# Which format has which word; a text that has none of them is read no further.
_WORDS: Final = tuple((word, one) for one in _FORMATS for word in one.words)
