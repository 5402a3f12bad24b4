"""Secrets that are made up: put together here, so that nobody who looks for secrets finds one in this file."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from typing import Final

LETTERS: Final = string.ascii_letters + string.digits
LOWER: Final = "abcdef" + string.digits
UPPER: Final = string.ascii_uppercase + "234567"


def random(length: int, alphabet: str = LETTERS, seed: str = "") -> str:
    """A text that looks random, and is always the same."""
    found = hashlib.shake_256(f"{seed}/{alphabet}/{length}".encode()).digest(length)
    return "".join(alphabet[byte % len(alphabet)] for byte in found)


def encoded(text: str) -> str:
    """In base64."""
    return base64.b64encode(text.encode()).decode()


def url_safe(text: str) -> str:
    """As the parts of tokens are."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JWT: Final = ".".join([*(url_safe(json.dumps(one)) for one in ({"alg": "HS256", "typ": "JWT"}, {"sub": "1", "name": "x"})), random(43)])
KEY: Final = f"-----BEGIN {'PRIVATE'} KEY-----\n{random(64)}\n{random(64, seed='two')}\n-----END {'PRIVATE'} KEY-----\n"
CERTIFICATE: Final = f"-----BEGIN CERTIFICATE-----\n{random(64, seed='c')}\n{random(64, seed='d')}\n-----END CERTIFICATE-----\n"

KNOWN: Final[dict[str, tuple[str, str]]] = {
    "aws": ("an AWS access key", "AKIA" + random(16, UPPER)),
    "aws session": ("an AWS access key", "ASIA" + random(16, UPPER)),
    "github": ("a GitHub token", "ghp_" + random(36)),
    "github app": ("a GitHub token", "ghs_" + random(36)),
    "github fine": ("a GitHub token", f"github_pat_{random(22)}_{random(59)}"),
    "gitlab": ("a GitLab token", "glpat-" + random(20)),
    "gitlab runner": ("a GitLab token", "glrt-" + random(20)),
    "slack": ("a Slack token", f"xoxb-{random(12, string.digits)}-{random(12, string.digits)}-{random(24)}"),
    "slack app": ("a Slack token", f"xapp-1-{random(11, UPPER)}-{random(13, string.digits)}-{random(64, LOWER)}"),
    "slack webhook": ("a Slack webhook", f"https://hooks.slack.com/services/T{random(8, UPPER)}/B{random(8, UPPER)}/{random(24)}"),
    "discord": ("a Discord webhook", f"https://discord.com/api/webhooks/{random(18, string.digits)}/{random(68)}"),
    "jwt": ("a JSON Web Token", JWT),
    "stripe": ("a Stripe key", "sk_live_" + random(24)),
    "openai": ("an OpenAI key", f"sk-proj-{random(74)}"),
    "openai old": ("an OpenAI key", f"sk-{random(20)}T3BlbkFJ{random(20, seed='b')}"),
    "anthropic": ("an Anthropic key", f"sk-ant-api03-{random(93)}AA"),
    "google": ("a Google API key", "AIza" + random(35)),
    "google oauth": ("a Google OAuth secret", "GOCSPX-" + random(28)),
    "npm": ("an npm token", "npm_" + random(36)),
    "pypi": ("a PyPI token", "pypi-AgEIcHlwaS5vcmc" + random(120)),
    "sendgrid": ("a SendGrid key", f"SG.{random(22)}.{random(43)}"),
    "vault": ("a Vault token", "hvs." + random(90)),
    "digitalocean": ("a DigitalOcean token", "dop_v1_" + random(64, LOWER)),
    "hugging face": ("a Hugging Face token", "hf_" + random(34, string.ascii_letters)),
    "pulumi": ("a Pulumi token", "pul-" + random(40, LOWER)),
    "docker": ("a Docker Hub token", "dckr_pat_" + random(27)),
    "grafana": ("a Grafana token", f"glsa_{random(32)}_{random(8, LOWER)}"),
    "grafana cloud": ("a Grafana Cloud token", "glc_" + encoded(json.dumps({"o": "1", "n": "x", "k": random(24)}))),
    "databricks": ("a Databricks token", "dapi" + random(32, LOWER)),
    "shopify": ("a Shopify token", "shpat_" + random(32, LOWER)),
    "linear": ("a Linear key", "lin_api_" + random(40)),
    "new relic": ("a New Relic key", "NRAK-" + random(27, string.ascii_uppercase + string.digits)),
    "terraform": ("a Terraform Cloud token", f"{random(14)}.atlasv1.{random(67)}"),
    "azure": ("an Azure client secret", f"{random(3)}8Q~{random(34)}"),
    "azure storage": ("an Azure storage key", f"AccountName=shop;AccountKey={random(86)}==;EndpointSuffix=core.windows.net"),
    "telegram": ("a Telegram bot's token", f"{random(9, string.digits)}:AA{random(33)}"),
    "age": ("an age private key", "AGE-SECRET-KEY-1" + random(58, string.ascii_uppercase + string.digits)),
    "key": ("a private key", KEY),
    "key in a line": ("a private key", KEY.replace("\n", "\\n")),
    "key encrypted": ("a private key", KEY.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB\n\n", 1)),
    "key without lines": ("a private key", f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{random(80)}"),
    "key of RSA": ("a private key", f"MIIEowIBAAKCAQEA{random(80)}"),
    "key of a curve": ("a private key", f"MIGHAgEAMBMGByqGSM49{random(80)}"),
    "postgres": ("a connection string with a password", "postgres://app:hunter2@db.shop.svc:5432/app?sslmode=require"),
    "redis": ("a connection string with a password", "redis://:hunter2@redis:6379/0"),
    "mongodb": ("a connection string with a password", "mongodb+srv://app:hunter%402@cluster0.example.net/app"),
    "https": ("a connection string with a password", "https://ci:hunter2@git.shop.example/team/shop.git"),
    "ado": ("a connection string with a password", "Server=db;Database=app;User Id=sa;Password=Hunter2!;"),
    "jdbc": ("a connection string with a password", "jdbc:postgresql://db/app?user=app&password=hunter2"),
    "oracle": ("a connection string with a password", "jdbc:oracle:thin:app/hunter2@//db:1521/shop"),
    "libpq": ("a connection string with a password", "host=db dbname=app user=app password=hunter2"),
    "bearer": ("credentials of an HTTP request", f"Authorization: Bearer {random(32)}"),
    "basic": ("credentials of an HTTP request", f"Authorization: Basic {encoded('app:hunter2')}"),
    "docker login": ("a login to a registry", json.dumps({"auths": {"ghcr.io": {"auth": encoded("app:hunter2")}}})),
    "npmrc": ("a registry's token", f"//registry.npmjs.org/:_authToken={random(36, LOWER)}"),
}
"""What each looks like, and one of them."""
