"""What S3Store makes of servers that are absent, slow, wrong or broken."""

import ipaddress
import multiprocessing
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage import Corrupt, NotFound, S3Store, StorageError, Unavailable
from support.fake_s3 import Handler, fake_s3

if TYPE_CHECKING:
    from samrum.demo.weed import EmbeddedS3

WHOLE = {"Content-Range": "bytes 0-99/100"}


def store_at(url: str, **options: Any) -> S3Store:
    return S3Store(url, "bucket", "access", "secret", **({"read_timeout": 5.0} | options))


def read(store: S3Store, start: int = 0, stop: int | None = None) -> bytes:
    with store.read("name", start, stop) as blob:
        return b"".join(blob.pieces)


def test_a_server_that_is_not_there_is_unavailable_soon() -> None:
    with fake_s3(lambda handler: handler.reply(200)) as (url, _):
        pass
    started = time.monotonic()
    with pytest.raises(Unavailable):
        read(store_at(url))
    assert time.monotonic() - started < 10


def test_a_server_that_never_answers_is_unavailable() -> None:
    with fake_s3(lambda _: time.sleep(1.5)) as (url, seen):
        with pytest.raises(Unavailable):
            read(store_at(url, read_timeout=0.2, attempts=1))
        assert len(seen) == 2


def test_a_failing_server_is_asked_a_limited_number_of_times() -> None:
    with fake_s3(lambda handler: handler.reply(503)) as (url, seen):
        with pytest.raises(Unavailable):
            read(store_at(url))
        assert len(seen) == 4


def test_a_server_that_fails_once_is_asked_again() -> None:
    def answer(handler: Handler) -> None:
        handler.reply(*((500,) if len(handler.seen) == 1 else (206, bytes(100), WHOLE)))

    with fake_s3(answer) as (url, _):
        assert read(store_at(url)) == bytes(100)


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("bytes 0-99/100", 101),
        ("bytes 0-99/100", 99),
        ("bytes 0-98/100", 99),
        ("bytes 1-99/100", 99),
        ("bytes 0-99/200", 100),
    ],
)
def test_an_answer_with_other_bytes_than_were_asked_for_is_unavailable(told: str, sent: int) -> None:
    with fake_s3(lambda handler: handler.reply(206, bytes(sent), {"Content-Range": told})) as (url, _):
        with pytest.raises(Unavailable):
            read(store_at(url))
        with pytest.raises(Unavailable):
            store_at(url).fetch("name", [(0, None)])


def test_a_connection_that_has_rested_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[object] = []

    def answer(handler: Handler) -> None:
        clients.append(handler.client_address)
        handler.reply(206, bytes(100), WHOLE)

    with fake_s3(answer) as (url, _):
        store = store_at(url)
        for rest in (60.0, 60.0, 0.0):
            monkeypatch.setattr("storage.direct._REST", rest)
            read(store)
    assert len(clients) == 3
    assert len(set(clients)) == 2


def test_authorities_that_cannot_be_read_are_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        read(store_at("https://127.0.0.1:1", ca_bundle=str(tmp_path / "nothing.pem")))


@pytest.mark.parametrize("sent", [0, 1, 60])
def test_an_answer_cut_short_is_unavailable_not_an_end(sent: int) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(206, bytes(sent), WHOLE | {"Content-Length": "100"})
        handler.close_connection = True

    with fake_s3(answer) as (url, _), pytest.raises(Unavailable):
        read(store_at(url))


def test_an_answer_that_stalls_in_the_middle_is_unavailable() -> None:
    def answer(handler: Handler) -> None:
        handler.reply(206, bytes(60), WHOLE | {"Content-Length": "100"})
        time.sleep(1.0)
        handler.close_connection = True

    with fake_s3(answer) as (url, _), pytest.raises(Unavailable):
        read(store_at(url, read_timeout=0.2))


@pytest.mark.parametrize("sent", [0, 1, 60])
def test_a_stretch_cut_short_is_unavailable_not_shorter(sent: int) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(206, bytes(sent), WHOLE | {"Content-Length": "100"})
        handler.close_connection = True

    with fake_s3(answer) as (url, _), pytest.raises(Unavailable):
        store_at(url).fetch("name", [(0, 100), (-10, None)])


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_not() -> None:
    ports: list[int] = []

    def answer(handler: Handler) -> None:
        ports.append(handler.client_address[1])
        handler.reply(206, bytes(100), WHOLE)
        handler.close_connection = len(ports) == 2  # without a word, as a server that restarts

    with fake_s3(answer) as (url, seen):
        store = store_at(url)
        for _ in range(3):
            assert read(store) == bytes(100)
    assert ports[0] == ports[1] != ports[2]
    assert len(seen) == 3, "nothing was asked twice"


@pytest.mark.parametrize("given", ["", "items 0-99/100", "bytes 0-99/*", "bytes */100", "bytes", "x"])
def test_a_server_without_ranges_is_unavailable(given: str) -> None:
    with (
        fake_s3(lambda handler: handler.reply(200, bytes(100), {"Content-Range": given} if given else {})) as (url, _),
        pytest.raises(Unavailable, match="range"),
    ):
        read(store_at(url))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "NoSuchKey", NotFound),
        (404, "", NotFound),
        (404, "NoSuchBucket", Unavailable),
        (403, "AccessDenied", Unavailable),
        (403, "SignatureDoesNotMatch", Unavailable),
        (416, "InvalidRange", Corrupt),
        (400, "MalformedXML", Unavailable),
    ],
)
def test_each_refusal_becomes_one_of_our_errors(status: int, code: str, error: type[StorageError]) -> None:
    body = f"<Error><Code>{code}</Code><Message>secret-name</Message></Error>".encode() if code else b""
    with fake_s3(lambda handler: handler.reply(status, body)) as (url, _), pytest.raises(StorageError) as refused:
        read(store_at(url))
    assert type(refused.value) is error
    assert "secret" not in str(refused.value)


def test_a_put_whose_answer_was_lost_succeeds_on_the_retry() -> None:
    """The first try was stored, its answer was not received; the retry meets If-None-Match."""
    data = bytearray(b"sealed" * 20)

    def answer(handler: Handler) -> None:
        if handler.command == "GET":
            handler.reply(206, bytes(data), {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"})
        elif len(handler.seen) == 1:
            handler.close_connection = True
        else:
            handler.reply(412, b"<Error><Code>PreconditionFailed</Code></Error>")

    with fake_s3(answer) as (url, seen):
        store_at(url).put("name", data)
    assert [line.split()[0] for line in seen] == ["PUT", "PUT", "GET"]


def test_wrong_credentials_are_unavailable(s3_server: "EmbeddedS3", s3_bucket: str) -> None:
    wrong = S3Store(s3_server.endpoint_url, s3_bucket, s3_server.access_key, "not the secret")
    with pytest.raises(Unavailable):
        wrong.ensure_bucket()
    with pytest.raises(Unavailable):
        wrong.put("name", bytearray(1))


def test_a_missing_bucket_is_made_once(s3_server: "EmbeddedS3", s3_bucket: str) -> None:
    store = S3Store(s3_server.endpoint_url, s3_bucket, s3_server.access_key, s3_server.secret_key)
    store.ensure_bucket()
    store.put("name", bytearray(b"kept"))
    store.ensure_bucket()
    assert read_name(store, "name") == b"kept"


def _use_in_child(store: S3Store, outcome: "multiprocessing.queues.Queue[object]") -> None:
    store.put("child", bytearray(b"child"))
    outcome.put(read_name(store, "parent"))


def read_name(store: S3Store, name: str) -> bytes:
    with store.read(name, 0, None) as blob:
        return b"".join(blob.pieces)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_opens_connections_of_its_own(s3_store: S3Store) -> None:
    s3_store.put("parent", bytearray(b"parent"))
    before = s3_store._client
    with s3_store._lock:  # as if another thread of the parent were just making its client
        context = multiprocessing.get_context("fork")
        outcome: multiprocessing.queues.Queue[object] = context.Queue()
        child = context.Process(target=_use_in_child, args=(s3_store, outcome))
        child.start()
        assert outcome.get(timeout=20) == b"parent"
        child.join(20)
    assert child.exitcode == 0
    assert s3_store._client is before
    assert read_name(s3_store, "child") == b"child"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_store_that_is_gone_does_not_disturb_a_fork() -> None:
    store = store_at("http://127.0.0.1:9")
    del store
    child = multiprocessing.get_context("fork").Process(target=int)
    child.start()
    child.join(20)
    assert child.exitcode == 0


@pytest.mark.parametrize(
    ("path_style", "url"),
    [(True, "https://s3.example.dk/bucket/name"), (False, "https://bucket.s3.example.dk/name")],
)
def test_both_styles_of_address_are_spoken(path_style: bool, url: str) -> None:
    store = store_at("https://s3.example.dk", path_style=path_style)
    asked = store._client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "name"})
    assert asked.partition("?")[0] == url
    assert store._direct.base + "name" == url


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """A fresh authority's certificate file, and a server context that it vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    authority, both = directory / "ca.pem", directory / "server.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + authority.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return authority, context


def test_a_private_authority_is_trusted_only_when_named(tmp_path: Path) -> None:
    authority, context = certificate(tmp_path)
    with fake_s3(lambda handler: handler.reply(206, bytes(100), WHOLE), context) as (url, seen):
        with pytest.raises(Unavailable):
            read(store_at(url, attempts=1))
        assert seen == []
        assert read(store_at(url, ca_bundle=str(authority))) == bytes(100)
