"""Objects in any S3-compatible store, through boto3."""

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, cast
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

from storage.cobblestone import BLOCK
from storage.direct import Answer, Direct
from storage.errors import AlreadyExists, Corrupt, NotFound, StorageError, Unavailable
from storage.store import Blob, Fetched, ObjectInfo, Stretch, Unfinished, nothing

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_PIECE: Final = BLOCK  # whole blocks, so that none is put together from two pieces

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; a bare status where a server sends no code
_NOT_FOUND: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_TAKEN: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict"})
_TOO_SHORT: Final = frozenset({"InvalidRange", "416"})


class _NoSuchUpload(Unavailable):
    """A multipart upload was aborted, or never begun."""


class S3Store:
    """An :class:`~storage.store.ObjectStore` in one bucket.

    Safe to share between threads, and to make before a server forks its workers: each process opens its own
    connections the first time it needs one. ``ca_bundle`` is a file of the authorities to trust instead of the
    system's; timeouts are in seconds; ``attempts`` counts the first try of what is asked through boto3. Reading and
    putting a whole object are tried once past it before, see :mod:`storage.direct`.
    """

    def __init__(
        self,
        endpoint_url: str | None,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        *,
        path_style: bool = True,
        ca_bundle: str | None = None,
        connect_timeout: float = 3.0,
        read_timeout: float = 30.0,
        attempts: int = 3,
        connections: int = 32,
    ) -> None:
        style: Literal["path", "virtual"] = "path" if path_style else "virtual"
        self._bucket = bucket
        self._endpoint, self._region, self._ca_bundle = endpoint_url, region, ca_bundle
        self._access_key, self._secret_key = access_key, secret_key
        self._path_style, self._timeouts = path_style, (connect_timeout, read_timeout)
        self._config = Config(
            s3={"addressing_style": style},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=connections,
            # A CRC on top would be computed in Python for nothing: the signature of a request covers the SHA-256 of
            # its body, and what comes back is authenticated chunk by chunk before anybody sees it.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._forget()
        # A child must not share sockets with its parent, nor inherit a lock that another thread held.
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._made: S3Client | None = None
        self._made_direct: Direct | None = None

    @property
    def _direct(self) -> Direct:
        made = self._made_direct
        if made is None:
            scheme, _, host = self._client.meta.endpoint_url.partition("://")
            base = f"{scheme}://{host}/{self._bucket}" if self._path_style else f"{scheme}://{self._bucket}.{host}"
            keys = self._access_key, self._secret_key, self._region
            try:
                made = Direct(base, *keys, ca_bundle=self._ca_bundle, timeouts=self._timeouts)
            except OSError:
                raise Unavailable("the authorities to trust cannot be read") from None
            with self._lock:
                made = self._made_direct = self._made_direct or made
        return made

    @property
    def _client(self) -> "S3Client":
        if self._made is None:
            with self._lock:
                if self._made is None:
                    session = boto3.session.Session()  # the module's default session is not safe between threads
                    self._made = session.client(
                        "s3",
                        endpoint_url=self._endpoint,
                        region_name=self._region,
                        aws_access_key_id=self._access_key,
                        aws_secret_access_key=self._secret_key,
                        verify=self._ca_bundle,
                        config=self._config,
                    )
        return self._made

    def ensure_bucket(self) -> None:
        """Make the bucket when it is missing. Unavailable when that is refused."""
        try:
            with own_errors():
                self._client.head_bucket(Bucket=self._bucket)
        except NotFound:
            with own_errors():
                self._client.create_bucket(Bucket=self._bucket)

    def put(self, name: str, data: bytearray, meanwhile: Callable[[], None] = nothing) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        pending = self._direct.begin("PUT", name, {"If-None-Match": "*"}, data)
        try:
            meanwhile()
        except BaseException:
            if pending is not None and (answer := pending.receive(HTTPStatus.OK)) is not None:
                answer.close()
            raise
        if pending is not None and (answer := pending.receive(HTTPStatus.OK)) is not None:
            with closing(answer), suppress(Unavailable):  # stored it is, whatever becomes of the rest of the answer
                for _ in answer.pieces(_PIECE):
                    pass
            return
        try:
            with own_errors():
                self._client.put_object(Bucket=self._bucket, Key=name, Body=_body(data), IfNoneMatch="*")
        except AlreadyExists:
            # A retry after a lost answer meets the object of the first try: then all is well.
            if not self._holds(name, data):
                raise

    def _holds(self, name: str, data: bytearray) -> bool:
        with self.read(name, 0, None) as blob:
            return blob.total == len(data) and b"".join(blob.pieces) == data

    def begin(self, name: str) -> str:
        """See :class:`~storage.store.ObjectStore`."""
        with own_errors():
            return self._client.create_multipart_upload(Bucket=self._bucket, Key=name)["UploadId"]

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        """See :class:`~storage.store.ObjectStore`."""
        query = f"partNumber={number}&uploadId={quote(upload, safe='')}"
        pending = self._direct.begin("PUT", name, {}, data, query)
        if pending is not None and (answer := pending.receive(HTTPStatus.OK)) is not None:
            with closing(answer), suppress(Unavailable):  # the part is there, whatever becomes of the rest
                for _ in answer.pieces(_PIECE):
                    pass
            if tag := answer.header("ETag"):
                return tag
        with own_errors():
            return self._client.upload_part(
                Bucket=self._bucket, Key=name, UploadId=upload, PartNumber=number, Body=_body(data)
            )["ETag"]

    def complete(self, name: str, upload: str, tags: Sequence[str]) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        with own_errors():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=name,
                UploadId=upload,
                MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": n} for n, tag in enumerate(tags, 1)]},
                IfNoneMatch="*",
            )

    def abort(self, name: str, upload: str) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        try:
            with own_errors():
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload)
        except _NoSuchUpload:
            return

    @contextmanager
    def read(self, name: str, start: int, stop: int | None) -> Iterator[Blob]:
        """See :class:`~storage.store.ObjectStore`."""
        wanted = _range(start, stop)
        answer = self._direct.ask("GET", name, HTTPStatus.PARTIAL_CONTENT, {"Range": wanted})
        with closing(answer or self._ask_again(name, wanted)) as body:
            yield _blob(body, start, stop)

    def fetch(self, name: str, stretches: Sequence[Stretch], meanwhile: Callable[[], None] = nothing) -> list[Fetched]:
        """See :class:`~storage.store.ObjectStore`."""
        waiting = deque(
            (stretch, self._direct.begin("GET", name, {"Range": _range(*stretch)})) for stretch in stretches
        )
        found: list[Fetched] = []
        try:
            meanwhile()
            while waiting:
                one, pending = waiting.popleft()
                answer = pending.receive(HTTPStatus.PARTIAL_CONTENT) if pending is not None else None
                with closing(answer or self._ask_again(name, _range(*one))) as body:
                    blob = _blob(body, *one)
                    found.append(Fetched(blob.start, blob.total, b"".join(blob.pieces)))
        finally:
            for _, pending in waiting:
                if pending is not None:
                    pending.abandon()
        return found

    def _ask_again(self, name: str, wanted: str) -> "_Body":
        with own_errors():
            answer = self._client.get_object(Bucket=self._bucket, Key=name, Range=wanted)
        return _Body(answer["Body"], answer.get("ContentRange", ""), answer["ContentLength"])

    def delete(self, name: str) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        try:
            with own_errors():
                self._client.delete_object(Bucket=self._bucket, Key=name)
        except NotFound:
            return

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See :class:`~storage.store.ObjectStore`."""
        with own_errors():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    yield ObjectInfo(entry["Key"], entry["Size"], entry["LastModified"].astimezone(UTC))

    def unfinished(self, prefix: str = "") -> Iterator[Unfinished]:
        """See :class:`~storage.store.ObjectStore`."""
        pages = self._client.get_paginator("list_multipart_uploads")
        with own_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for entry in page.get("Uploads", ()):
                    yield Unfinished(entry["Key"], entry["UploadId"], entry["Initiated"].astimezone(UTC))


def _body(data: bytearray) -> bytes:
    """boto3 sends a bytearray as it is; only its type stubs do not know. Copying 8 MiB a part would be felt."""
    return cast("bytes", data)


class _Body:
    """What boto3 answered, read as an :class:`~storage.direct.Answer` is."""

    def __init__(self, body: StreamingBody, content_range: str, length: int) -> None:
        self._body, self._content_range = body, content_range
        self.length: Final = length
        self.close: Final = body.close

    def header(self, _name: str) -> str:
        return self._content_range

    def pieces(self, size: int) -> Iterator[bytes]:
        with own_errors():
            # the body itself raises when the connection ends before Content-Length
            yield from self._body.iter_chunks(size)


def _blob(body: Answer | _Body, start: int, stop: int | None) -> Blob:
    """What came for the stretch that was asked for. Unavailable when it is another one, or not as long as it says."""
    first, end, total = _content_range(body.header("Content-Range"))
    wanted = max(total + start, 0) if start < 0 else start, total if stop is None else min(stop, total)
    if (first, end) != wanted or body.length != end - first:
        raise Unavailable("the store answers with other bytes than were asked for")
    return Blob(first, end, total, body.pieces(_PIECE))


def _range(start: int, stop: int | None) -> str:
    """A Range header's value (RFC 9110, 14.1.2)."""
    if start < 0:
        return f"bytes={start}"
    return f"bytes={start}-" if stop is None else f"bytes={start}-{stop - 1}"


def _content_range(value: str) -> tuple[int, int, int]:
    """Start, stop and total from ``bytes FIRST-LAST/TOTAL`` (RFC 9110, 14.4)."""
    try:
        unit, _, rest = value.partition(" ")
        span, _, total = rest.partition("/")
        first, _, last = span.partition("-")
        numbers = int(first), int(last) + 1, int(total)
    except ValueError:
        unit, numbers = "", (0, 0, 0)
    if unit != "bytes":
        raise Unavailable("the store does not answer range requests")
    return numbers


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn what boto3 raises into this package's errors, without the names and ids in its messages."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from None
    except BotoCoreError as error:
        raise Unavailable(f"the store did not answer: {type(error).__name__}") from None


def _translated(error: ClientError) -> StorageError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "NoSuchUpload":
        return _NoSuchUpload("the upload is not under way any more")
    if code in _NOT_FOUND:
        return NotFound("no such object")
    if code in _TAKEN:
        return AlreadyExists("an object of that name exists")
    if code in _TOO_SHORT:
        return Corrupt("the object ends before that")
    return Unavailable(f"the store refused: {code or 'no reason given'}")
