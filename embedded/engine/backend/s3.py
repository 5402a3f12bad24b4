"""An S3 bucket, or anything that speaks S3, as a place for state: `s3://bucket/prefix?region=..&endpoint=..&s3ForcePathStyle=true`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import parse_qsl, urlsplit

from embedded.engine.backend.bucket import Entry
from embedded.engine.model.errors import AuthenticationError, ConfigurationError, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 60
_ATTEMPTS: Final = 5
_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_TRUE: Final = ("true", "1")
# Of the URL's parameters; what the real CLI also takes and this engine does not is refused, not passed over.
_PARAMETERS: Final = frozenset(
    {"region", "endpoint", "s3ForcePathStyle", "use_path_style", "disableSSL", "disable_https", "profile", "awssdk"}
)


class S3Bucket:
    """A bucket, or the objects under a prefix of it. An object is replaced by one request, so a write is atomic."""

    def __init__(self, client: Any, bucket: str, prefix: str, url: str) -> None:
        self._client, self._bucket, self._prefix, self._url = client, bucket, prefix, url

    @classmethod
    def open(cls, url: str) -> S3Bucket:
        """The bucket of an `s3://` URL; nothing is sent yet."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        unknown = options.keys() - _PARAMETERS
        if unknown or not parts.netloc:
            what = f"has the unknown parameters {', '.join(sorted(unknown))}" if unknown else "names no bucket"
            msg = f"the backend {url!r} {what}; write `s3://BUCKET/PREFIX?region=..&endpoint=..&s3ForcePathStyle=true&profile=..`"
            raise ConfigurationError(msg)
        plain = (options.get("disableSSL") or options.get("disable_https") or "").lower() in _TRUE
        endpoint = options.get("endpoint")
        if endpoint and "://" not in endpoint:
            endpoint = f"{'http' if plain else 'https'}://{endpoint}"
        by_path = (options.get("s3ForcePathStyle") or options.get("use_path_style") or "").lower() in _TRUE
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path" if by_path else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            session = boto3.session.Session(profile_name=options.get("profile"), region_name=options.get("region"))
            client = session.client("s3", endpoint_url=endpoint, use_ssl=not plain, config=config)
        except (BotoCoreError, ValueError) as e:
            msg = f"the backend {url!r} cannot be opened: {e}"
            raise ConfigurationError(msg) from e
        prefix = parts.path.strip("/")
        return cls(client, parts.netloc, f"{prefix}/" if prefix else "", url)

    def read(self, key: str) -> bytes:
        """The object's bytes."""
        with _Errors(self, "read", key):
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
            return body

    def write(self, key: str, data: bytes) -> None:
        """Replaces the object."""
        with _Errors(self, "write", key):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data)

    def copy(self, source: str, target: str) -> None:
        """Copies the object, in the bucket."""
        with _Errors(self, "copy", source):
            where = {"Bucket": self._bucket, "Key": self._prefix + source}
            self._client.copy_object(Bucket=self._bucket, Key=self._prefix + target, CopySource=where)

    keep = copy

    def delete(self, key: str) -> None:
        """Deletes the object if it is there."""
        with _Errors(self, "delete", key):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            with _Errors(self, "read", key):
                self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except FileNotFoundError:
            return False
        return True

    def entries(self, prefix: str) -> list[Entry]:
        """The objects whose key starts with the prefix."""
        with _Errors(self, "list", prefix):
            return sorted(self._pages(prefix), key=lambda entry: entry.key)

    def _pages(self, prefix: str) -> Iterator[Entry]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self._prefix)
                yield Entry(key, found["LastModified"].timestamp(), found["Size"])

    def locate(self, key: str) -> str:
        """The object's URL."""
        return f"s3://{self._bucket}/{self._prefix}{key}"


class _Errors:
    """Turns boto3's errors into the engine's, so that callers need not import boto3 to catch them."""

    def __init__(self, bucket: S3Bucket, what: str, key: str) -> None:
        self._bucket, self._what, self._key = bucket, what, key

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        where = self._bucket.locate(self._key)
        if isinstance(error, ClientError):
            self._client_error(error, where)
        if isinstance(error, NoCredentialsError):
            msg = f"could not {self._what} {where}: no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret"
            raise AuthenticationError(msg) from error
        if isinstance(error, BotoCoreError):
            msg = f"could not {self._what} {where}: {error}"
            raise EngineError(msg) from error

    def _client_error(self, error: Any, where: str) -> NoReturn:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise FileNotFoundError(where) from error
        message = error.response.get("Error", {}).get("Message") or code
        msg = f"could not {self._what} {where}: {message}"
        if code in ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
            raise AuthenticationError(msg) from error
        raise EngineError(msg) from error
