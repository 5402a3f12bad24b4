"""Secrets are found by their looks and their names, and what only looks a bit like one isn't."""

from __future__ import annotations

import hashlib
import json
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judging.formats import decoded
from policies.security.secrets.finding import in_argument, in_entry, in_file, in_value
from tests.unit.policies.security.secrets.made import CERTIFICATE, JWT, KNOWN, LETTERS, LOWER, encoded, random, url_safe

HASH = hashlib.sha256(b"x")
# Without an algorithm it is none.
JWT_LIKE = ".".join([url_safe('{"test": "abc"}'), url_safe('{"test": "def"}'), "a1" * 12])


@pytest.mark.parametrize(("what", "secret"), KNOWN.values(), ids=KNOWN)
def test_known_looks(what: str, secret: str) -> None:
    """Are known by any name, in the middle of a text, in a file, in an argument, and in base64."""
    assert [one.what for one in in_value("X", secret)] == [what]
    assert what in [one.what for one in in_file(f"# settings\na: 1\nb: '{secret}'\n")]
    assert what in [one.what for one in in_argument(secret)]
    assert f"{what} in base64" in [one.what for one in in_value("X", encoded(secret))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("DB_PASSWORD", "123456"),
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD_OLD", "hunter2"),
        ("dbPassword", "hunter2"),
        ("spring.datasource.password", "hunter2"),
        ("redis-password", "simulated"),
        ("PGPASSWORD", "hunter2"),
        ("MYSQL_PWD", "hunter2"),
        ("DB_PASSWORD", "pa$Word1"),
        ("DB_PASSWORD", "!Qw3rty"),
        ("DB_PASSWORD", "100%sure"),
        ("DB_PASSWORD", "a<b>c"),
        ("DB_PASSWORD", "default"),
        ("PASSPHRASE", "correct horse battery staple"),
        ("AWS_SECRET_ACCESS_KEY", random(40)),
        ("API_KEY", str(uuid.UUID(int=2**127 + 12345))),
        ("apikey", "abcdef12345"),
        ("CLIENT_SECRET", "some-secret"),
        ("JWT_SECRET", "simulated"),
        ("ENCRYPTION_KEY", HASH.hexdigest()),
        ("ACCESS_TOKEN", "abc123"),
        # These names are for other things too: what looks random is a secret.
        ("TOKEN", random(24)),
        ("TOKEN", random(32, LOWER)),
        ("SECRET", random(20)),
        ("GITHUB_TOKEN", random(40, LOWER)),
        ("SALT", random(16)),
        # By any name.
        ("SETTINGS", random(32)),
        ("X", f"prefix {random(40, LETTERS + '+/')}== suffix"),
    ],
)
def test_names(name: str, value: str) -> None:
    """Say what a value is; what is random enough needs none."""
    assert len(in_value(name, value)) == 1


ORDINARY = [
    ("LOG_LEVEL", "info"),
    ("DB_PASSWORD", ""),
    ("DB_PASSWORD", "  "),
    ("DB_PASSWORD", "$(DB_PASSWORD)"),
    ("DB_PASSWORD", "${DB_PASSWORD}"),
    ("DB_PASSWORD", "$DB_PASSWORD"),
    ("DB_PASSWORD", "{{ .Values.password }}"),
    ("DB_PASSWORD", "<password>"),
    ("DB_PASSWORD", "********"),
    ("DB_PASSWORD", "xxxxxxxx"),
    ("DB_PASSWORD", "REPLACE_ME"),
    ("DB_PASSWORD", "your-password-here"),
    ("API_KEY", "placeholder"),
    ("DB_PASSWORD", "/run/secrets/db/password"),
    ("DB_PASSWORD", "file:///run/secrets/db"),
    ("DB_PASSWORD", "vault:secret/data/db#password"),
    ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
    ("DB_PASSWORD", "projects/shop/secrets/db/versions/latest"),
    ("DB_PASSWORD", "$ONE$TWO"),
    ("DB_PASSWORD", "$2b$12$" + random(53)),
    ("DB_PASSWORD", "{SSHA}" + random(32)),
    ("admin.password", "$2a$10$" + random(53)),
    ("CACHE_KEY", hashlib.md5(b"y", usedforsecurity=False).hexdigest()),
    ("ASK_PASSWORD", "true"),
    ("REQUIRE_PASSWORD", "required"),
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("PASSWORD_MIN_LENGTH", "8"),
    ("SECRET_NAME", "shop-credentials"),
    ("TOKEN_TTL", "15m"),
    ("TOKEN_ISSUER", "https://issuer.example"),
    ("API_KEY_HEADER", "X-Api-Key"),
    ("NEXT_PUBLIC_API_KEY", "pk-abcdef123456"),
    ("PUBLIC_KEY", random(40)[:12]),
    ("AUTH", "basic"),
    ("TOKEN", "csrf-token"),
    ("SECRET", "shop-database-credentials"),
    ("CACHE_KEY", "sessions:v2:users"),
    ("KEY", "app.kubernetes.io/name"),
    ("CREDENTIALS", "include"),
    # Hashes, digests, ids.
    ("COMMIT", hashlib.sha1(b"x", usedforsecurity=False).hexdigest()),
    ("CHECKSUM", HASH.hexdigest()),
    ("ETAG", hashlib.md5(b"x", usedforsecurity=False).hexdigest()),
    ("IMAGE", f"ghcr.io/team/shop/web:v1@sha256:{HASH.hexdigest()}"),
    ("INTEGRITY", f"sha384-{random(64)}"),
    ("SUM", f"h1:{random(43)}="),
    ("REQUEST", str(uuid.UUID(int=2**127 + 12345))),
    ("PASSWORD_HASH", "$2b$12$" + random(53)),
    ("X", "$argon2id$v=19$m=65536,t=3,p=4$" + random(22) + "$" + random(43)),
    # Addresses, paths, names.
    ("URL", f"https://cdn.shop.example/assets/{random(32)}.js?v={random(20)}"),
    ("DATABASE_URL", "postgres://app@db/app"),
    ("DATABASE_URL", "postgres://app:$(PASSWORD)@db/app"),
    ("DATABASE_URL", "postgres://app:${PASSWORD}@db/app"),
    ("DATABASE_URL", "postgres://user:password@host/db"),
    ("DATABASE_URL", "postgres://<user>:<password>@db/app"),
    ("PROXY", "http://proxy.shop.example:3128"),
    ("ROLE", "arn:aws:iam::123456789012:role/ShopDeployerRole2AbCdEfGhIjKl"),
    ("CLASS", "com.example.shop.orders.OrderServiceFactoryBeanV2Impl"),
    ("CLASS", "SomeVeryLongCamelCaseIdentifierName2FactoryOfFactories"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/opt/Shop2/bin"),
    ("JAVA_OPTS", "-Xmx512m -XX:+UseG1GC -Dspring.profiles.active=production"),
    ("HOSTS", "db-0.db.shop.svc.cluster.local:5432,db-1.db.shop.svc.cluster.local:5432"),
    ("POD", "web-blue-7d9c5b8f64-x2x9k"),
    # Base64 of ordinary text; certificates, public keys, pictures.
    ("TEXT", encoded("an ordinary text of some length, in English")),
    ("TOKEN", encoded("an ordinary text of some length, in English")),
    ("JSON", encoded(json.dumps({"log": {"level": "info"}, "port": 8080}))),
    ("CA", CERTIFICATE),
    ("SSH", f"ssh-ed25519 AAAA{random(64)} deploy@shop"),
    ("LOGO", f"data:image/png;base64,{random(200)}"),
    ("ARCHIVE", encoded("x") and "H4sIAAAAAAAA" + random(60)),
    # What looks like a token, and isn't one.
    ("X", "ghp_" + "x" * 36),
    ("X", "AKIAIOSFODNN7" + "EXAMPLE"),
    ("X", JWT_LIKE),
    ("OLDPWD", "/var/lib/shop"),
    ("X", "-----BEGIN PRIVATE KEY-----"),
    ("X", "Authorization: Bearer $TOKEN"),
    ("X", "Authorization: Basic realm"),
]


@pytest.mark.parametrize(("name", "value"), ORDINARY)
def test_what_is_no_secret(name: str, value: str) -> None:
    """Whatever its name: references, places, hashes, digests, ids, addresses, encoded texts."""
    assert not in_value(name, value)
    assert not in_file(f"{name}={value}\n")


def test_files() -> None:
    """Are read line by line, whatever they are written in; the line is told."""
    found = in_file(
        "# db.properties\n"
        "db.user=app\n"
        "db.password=hunter2\n"
        "db.url=jdbc:postgresql://db/app\n"
        'api: {"apiKey": "abc123def", "level": 1}\n'
        "token_file: /run/token\n"
        "smtp_auth_password: 'secret-1'\n"
        "smtp_auth_password: <secret>\n"
        'export PGPASSWORD="$POSTGRES_PASSWORD"\n'
        "password = os.environ['PASSWORD']\n"
        "password = settings.password\n"
        "token = create_token()\n"
        "password: ''\n"
        f"note: {JWT}\n"
    )
    assert [(one.line, one.what) for one in found] == [
        (3, "a secret, by its name"),
        (5, "a secret, by its name"),
        (7, "a secret, by its name"),
        (14, "a JSON Web Token"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        '"password": "Password"',
        '"forgotPassword": "Forgot your password?"',
        "login.password=Passwort",
        "login.password=Kennwort",
        "login.password=Contraseña",
        "password: Mot de passe",
        "<input type='password' name='password'>",
        "proxy_set_header X-Api-Key $http_x_api_key;",
        "bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token",
        "password: {type: string}",
        "password: &password",
        "password: |",
        "type: password",
        "password=None",
        "secretKeyRef: {name: web, key: password}",
        "kubectl get secret web -o jsonpath={.data.password}",
        "# password=hunter2",
        "  ; admin_password = hunter2",
        "// token: 'hunter2'",
        f"#token={random(40)}",
        "password: ENC[AES256_GCM,data:p673w==,iv:YY=,tag:UQ==,type:str]",
        f"note: ENC[AES256_GCM,data:{random(43)}=,iv:{random(43)}=,tag:{random(22)}==,type:str]",
        "spring.password={cipher}682bc583f4641835fa2db009355293665d2647dade3375c0ee201de2a49f7bda",
        "password: '%%env_PASSWORD%%'",
        "<label for='password'>Password</label>",
        "$password->getValue()",
    ],
)
def test_lines_that_only_speak_of_secrets(line: str) -> None:
    """Translations, forms, schemas and programs do."""
    assert not in_file(f"one: 1\n{line}\nthree: 3\n")


@pytest.mark.parametrize(
    "line",
    [
        "<password>hunter2</password>",
        '<Resource username="app" password="hunter2"/>',
        "'password' => 'hunter2',",
        "password := 'hunter2'",
        "requirepass hunter2",
        "masterauth 'hunter2'",
        r'{"metadata": "{\"password\":\"hunter2\"}"}',
        "password: hunter2 # of the test database",
        "password: MyPassword123",
    ],
)
def test_lines_with_secrets(line: str) -> None:
    """In XML, programs, and the files of servers."""
    assert [one.line for one in in_file(f"one: 1\n{line}\nthree: 3\n")] == [2]


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("password", "hunter2", True),
        ("settings.json", '{"db": {"password": "hunter2!"}}', True),
        ("settings", '{"db": {"password": "hunter2!"}}', True),
        ("app.properties", "password=hunter2!", True),
        ("password.txt", "Password", False),
        ("settings.json", '{"password": "Password"}', False),
        ("level", "info", False),
    ],
)
def test_entries(key: str, value: str, wrong: bool) -> None:
    """A key that looks like a file's name has a file, and so has a value in JSON; any other is the value's name."""
    assert bool(in_entry(key, value)) is wrong


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("--password=hunter2", True),
        ("--requirepass hunter2!", False),
        ("--password", False),
        ("--password=$(PASSWORD)", False),
        ("--password-file=/run/secret", False),
        ("--log-level=debug", False),
        ("--api-key abc123", True),
        ("exec redis-server --port 6379\nexport PASSWORD=hunter2!\n", True),
    ],
)
def test_arguments(argument: str, wrong: bool) -> None:
    """Have names too; a script is a file."""
    assert bool(in_argument(argument)) is wrong


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100), st.text(max_size=200))
def test_whatever_it_is_there_is_an_answer(name: str, value: str) -> None:
    """And the lines are lines of it."""
    for one in (*in_value(name, value), *in_entry(name, value), *in_argument(value)):
        assert 1 <= one.line <= value.count("\n") + 1


@settings(max_examples=50, deadline=None)
@given(st.text("abc XYZ 0189 .,:;-_{}[]'\"äéßñ€漢", min_size=8, max_size=60))
def test_texts_come_back_from_base64(text: str) -> None:
    """Whatever their letters are."""
    assert decoded(encoded(text)) == text
