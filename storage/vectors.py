"""Runs a Wycheproof file of the schema ``c2sp_chunked_encryption`` against the core."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.cobblestone import HEADER, SALT, Opener, expander, seal
from storage.errors import Corrupt


class BadVectorFile(ValueError):
    """The file is not one this program understands. The message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test of the file came to: ``complaint`` is empty when the core did as the file demands."""

    number: int
    comment: str
    complaint: str


def run(path: Path) -> Iterator[Outcome]:
    """Every test of the file, in its order. BadVectorFile when it is not a Cobblestone-256 vector file."""
    try:
        file = json.loads(path.read_bytes())
        if file["algorithm"] != "Cobblestone-256":
            raise BadVectorFile(f"vectors for {file['algorithm']}, not Cobblestone-256")
        tests = [test for group in file["testGroups"] for test in group["tests"]]
        if len(tests) != file["numberOfTests"] or not tests:
            raise BadVectorFile("the file does not hold the number of tests it states")
        for test in tests:
            yield Outcome(test["tcId"], test["comment"], _Case(test).complaint())
    except (json.JSONDecodeError, KeyError, TypeError, zlib.error) as error:
        raise BadVectorFile(f"not a vector file: {error!r}") from None


class _Case:
    def __init__(self, test: dict[str, Any]) -> None:
        self._test = test
        self._key = bytes.fromhex(test["key"])
        self._context = bytes.fromhex(test["ctx"])
        self._sealed = zlib.decompress(bytes.fromhex(test["ct"]))
        self._flags = frozenset(test["flags"])
        self._released = b""

    def complaint(self) -> str:
        if self._test["result"] not in ("valid", "invalid"):
            return f"unknown result {self._test['result']!r}"
        try:
            opener = self._opened()
        except (Corrupt, ValueError) as error:
            return "" if "HeaderFailure" in self._flags else f"the header was refused: {error}"
        if "HeaderFailure" in self._flags:
            return "the header was accepted"
        if opener.aead_key.hex() != self._test["aeadKey"] or opener.base_nonce.hex() != self._test["baseNonce"]:
            return "other keys were derived"
        return self._valid(opener) if self._test["result"] == "valid" else self._invalid(opener)

    def _valid(self, opener: Opener) -> str:
        try:
            self._stream(opener)
            opener.open_last(self._sealed[opener.last_at :])
        except Corrupt as error:
            return f"refused: {error}"
        if not self._is_message(self._released) or opener.size != len(self._released):
            return "another message came out"
        again = seal(expander(self._key), self._context, self._released, self._sealed[:SALT])
        return "" if again == self._sealed else "sealing the message again gave another ciphertext"

    def _invalid(self, opener: Opener) -> str:
        try:
            self._stream(opener)
        except Corrupt:
            if len(self._released) > self._test.get("msgLength", 0):
                return "more was released than is valid"
        else:
            return "accepted"
        if "ValidFinalChunk" in self._flags:
            return ""
        try:
            opener.open_last(self._sealed[opener.last_at :])
        except Corrupt:
            return ""
        return "the last chunk was accepted"

    def _opened(self) -> Opener:
        return Opener(expander(self._key), self._context, self._sealed[:HEADER], len(self._sealed))

    def _stream(self, opener: Opener) -> None:
        size = opener.size
        for piece in opener.open_range([self._sealed[HEADER:]], 0, size):
            self._released += piece
        if size == 0:
            opener.open_last(self._sealed[opener.last_at :])

    def _is_message(self, message: bytes) -> bool:
        length, digest = self._test["msgLength"], self._test["msgSha512"]
        return (len(message), hashlib.sha512(message).hexdigest()) == (length, digest)
