"""Signed checkpoints: what they hold, what is refused, and that other tools' keys and signatures are read."""

import base64
import stat
from pathlib import Path

import pytest

from samrum.services.chain import Mark
from samrum.services.checkpoints import (
    BadCheckpoint,
    BadKey,
    PublicKey,
    SigningKey,
    load_public,
    open_checkpoint,
)

NAME = "samrum.example.dk/audit"
MARK = Mark(20852163, bytes(range(32)))
# The example of golang.org/x/mod/sumdb/note: its secret key, public key and signed text.
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.create(tmp_path / "key", NAME)


def test_a_checkpoint_is_a_signed_note_of_name_number_and_hash(key: SigningKey) -> None:
    text = key.sign(MARK)
    body, signature = text.split("\n\n")
    assert body == f"{NAME}\n20852163\n{base64.b64encode(MARK.hash).decode()}"
    dash, name, encoded = signature.strip().split(" ")
    assert (dash, name) == ("—", NAME)
    assert len(base64.b64decode(encoded)) == 4 + 64
    assert open_checkpoint(text, key.public) == MARK


def test_a_checkpoint_of_an_empty_log_is_one_too(key: SigningKey) -> None:
    assert open_checkpoint(key.sign(Mark(0, bytes(32))), key.public) == Mark(0, bytes(32))


def test_the_key_file_is_its_owners_alone_and_is_never_written_over(tmp_path: Path, key: SigningKey) -> None:
    path = tmp_path / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        SigningKey.create(path, NAME)
    assert SigningKey.load(path).public == key.public


def test_keys_and_signatures_of_other_tools_are_read(tmp_path: Path) -> None:
    path = tmp_path / "neumann"
    path.write_text(NEUMANN_SECRET + "\n")
    assert SigningKey.load(path).public == PublicKey.parse(NEUMANN)
    assert PublicKey.parse(NEUMANN).text == NEUMANN
    with pytest.raises(BadCheckpoint, match="it is not a checkpoint"):  # the signature is right, the text is a joke
        open_checkpoint(NEUMANN_NOTE, PublicKey.parse(NEUMANN))
    with pytest.raises(BadCheckpoint, match="changed after it was signed"):
        open_checkpoint(NEUMANN_NOTE.replace("cryptography", "Cryptography"), PublicKey.parse(NEUMANN))


def test_no_letter_of_a_checkpoint_can_be_changed(key: SigningKey) -> None:
    text = key.sign(MARK)
    for position, letter in enumerate(text):
        with pytest.raises(BadCheckpoint):
            open_checkpoint(text[:position] + chr(ord(letter) ^ 1) + text[position + 1 :], key.public)


def test_a_checkpoint_cut_short_is_refused(key: SigningKey) -> None:
    text = key.sign(MARK)
    for length in range(len(text)):
        with pytest.raises(BadCheckpoint):
            open_checkpoint(text[:length], key.public)


def test_a_checkpoint_signed_by_somebody_else_with_the_same_name_is_refused(tmp_path: Path, key: SigningKey) -> None:
    other = SigningKey.create(tmp_path / "other", NAME)
    with pytest.raises(BadCheckpoint, match="not signed with this key"):
        open_checkpoint(other.sign(MARK), key.public)


def test_a_checkpoint_of_another_log_signed_with_the_same_key_is_refused(key: SigningKey) -> None:
    text = key.sign(MARK).replace(NAME, "another.example.dk/audit")
    with pytest.raises(BadCheckpoint, match="not signed with this key"):
        open_checkpoint(text, key.public)


def test_signatures_of_unknown_keys_beside_the_known_one_are_ignored(tmp_path: Path, key: SigningKey) -> None:
    witness = SigningKey.create(tmp_path / "witness", "witness.example.org")
    theirs = witness.sign(MARK).splitlines()[-1]
    ours = key.sign(MARK)
    assert open_checkpoint(f"{ours}{theirs}\n", key.public) == MARK
    body, _, signature = ours.partition("\n\n")
    assert open_checkpoint(f"{body}\n\n{theirs}\n{signature}", key.public) == MARK


def test_a_right_signature_does_not_outweigh_a_wrong_one_of_the_same_key(key: SigningKey) -> None:
    wrong = key.sign(Mark(1, MARK.hash)).splitlines()[-1]
    with pytest.raises(BadCheckpoint, match="changed after it was signed"):
        open_checkpoint(f"{key.sign(MARK)}{wrong}\n", key.public)


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", "a\n1\nb\n", f"{NAME}\n1\n\n— {NAME} AAAA\n", "x" * 100_000, "\x00\n\n— a AAAAAAAA\n"]
)
def test_what_is_no_checkpoint_is_refused(key: SigningKey, text: str) -> None:
    with pytest.raises(BadCheckpoint):
        open_checkpoint(text, key.public)


@pytest.mark.parametrize("size", ["01", "-1", "+1", "1_0", " 1", "1e3", "\u0661", "9" * 19, "x"])
def test_a_number_of_rows_that_is_not_one_is_refused_though_it_is_signed(key: SigningKey, size: str) -> None:
    body = f"{NAME}\n{size}\n{base64.b64encode(MARK.hash).decode()}\n"
    signature = base64.b64encode(key.public.key_id + key._key.sign(body.encode())).decode()
    with pytest.raises(BadCheckpoint, match="number of rows"):
        open_checkpoint(f"{body}\n— {NAME} {signature}\n", key.public)


@pytest.mark.parametrize("root", ["", "AAAA", "A" * 43, base64.b64encode(bytes(33)).decode()])
def test_a_hash_that_is_not_one_is_refused_though_it_is_signed(key: SigningKey, root: str) -> None:
    body = f"{NAME}\n7\n{root}\n"
    signature = base64.b64encode(key.public.key_id + key._key.sign(body.encode())).decode()
    with pytest.raises(BadCheckpoint):
        open_checkpoint(f"{body}\n— {NAME} {signature}\n", key.public)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\x07"])
def test_a_name_that_would_spoil_a_signature_line_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadKey):
        SigningKey.create(tmp_path / "spoilt", name)
    assert not (tmp_path / "spoilt").exists()


@pytest.mark.parametrize(
    "text", ["", "x", NEUMANN.replace("c74f", "c74e"), NEUMANN.replace("+AR", "+BR"), NEUMANN[:-4], "a+b+c", "\xff+a+b"]
)
def test_what_is_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "public"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadKey):
        load_public(path)


@pytest.mark.parametrize("text", [NEUMANN, "", NEUMANN_SECRET.replace("c74f", "c74e"), NEUMANN_SECRET[:-4]])
def test_what_is_no_secret_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    with pytest.raises(BadKey):
        SigningKey.load(path)
    with pytest.raises(BadKey):
        SigningKey.load(tmp_path / "not there")
