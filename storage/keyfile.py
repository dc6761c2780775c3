"""Key-encryption keys in a file: the simplest place outside the database.

A text file of one line a KEK, ``active|retired FINGERPRINT BASE64``, exactly one of them active; see FORMAT.md.
The file is read again when it changed, so a rotation needs no restart of a running service.
"""

import base64
import binascii
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from storage import keys
from storage.cobblestone import KEY, Expand, expander
from storage.errors import StorageError
from storage.keys import WrappedKey

_FIRST_LINE: Final = "# samrum key file 1"


class BadKeyFile(StorageError):
    """The key file is missing, unreadable, too open to others, or not what was written. The message says which."""


class KeyFile:
    """A :class:`~storage.keys.KeyWrapper` over a key file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._active = ""
        self._expanders: dict[str, Expand] = {}
        self._refresh()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "KeyFile":
        """Read an existing key file. BadKeyFile when it can't be used."""
        return cls(Path(path))

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> "KeyFile":
        """Write a new key file holding one fresh, active KEK, readable by its owner only. Never overwrites."""
        target, key = Path(path), keys.new_key()
        name = keys.fingerprint(expander(key))
        with _replacing(target) as write:
            if target.exists():
                raise BadKeyFile("a key file exists already; it is never overwritten")
            write(_format(name, {name: key}))
        return cls(target)

    @property
    def active(self) -> str:
        """Fingerprint of the KEK that wraps new keys."""
        self._refresh()
        return self._active

    @property
    def fingerprints(self) -> frozenset[str]:
        """Every KEK held, the active one included."""
        self._refresh()
        return frozenset(self._expanders)

    def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        """``key`` (32 bytes) under the active KEK."""
        self._refresh()
        active, expanders = self._active, self._expanders
        return WrappedKey(active, keys.wrap(expanders[active], key, context))

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The key. UnknownKek when its KEK is not in the file, Corrupt when it was not wrapped for this context."""
        if wrapped.kek not in self._expanders:
            self._refresh()
        return keys.unwrap(keys.choose(self._expanders, wrapped.kek), wrapped.blob, context)

    def add(self) -> str:
        """Put a fresh KEK into the file and make it the active one; returns its fingerprint.

        The former one stays as retired, for what is still wrapped under it. BadKeyFile when it can't be changed now.
        """
        key = keys.new_key()
        name = keys.fingerprint(expander(key))
        with _replacing(self._path) as write:
            _, held = _read(self._path)
            write(_format(name, held | {name: key}, _comments(self._path)))
        self._refresh()
        return name

    def remove(self, fingerprint: str) -> None:
        """Take a retired KEK out of the file: whatever is still wrapped under it is unreadable from then on."""
        with _replacing(self._path) as write:
            active, held = _read(self._path)
            if fingerprint == active:
                raise BadKeyFile("the active key-encryption key can't be removed")
            if held.pop(fingerprint, None) is None:
                raise BadKeyFile("no such key-encryption key")
            write(_format(active, held, _comments(self._path)))
        self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            now = _identity(self._path)
            if now == self._seen:
                return
            active, held = _read(self._path)
            self._expanders = {name: expander(key) for name, key in held.items()}
            self._active, self._seen = active, now


def _identity(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise BadKeyFile(f"the key file can't be read: {error.strerror}") from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> tuple[str, dict[str, bytes]]:
    """The active fingerprint, and the keys by fingerprint."""
    try:
        with path.open(encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o027:
                raise BadKeyFile("the key file is open to others: chmod 600 (or 640 for its group to read)")
            lines = file.read().splitlines()
    except OSError as error:
        raise BadKeyFile(f"the key file can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadKeyFile("the key file is not plain text") from None
    if not lines or lines[0] != _FIRST_LINE:
        raise BadKeyFile("not a samrum key file of this version")
    active: list[str] = []
    held: dict[str, bytes] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        state, name, key = _parse(line, number)
        if name in held:
            raise BadKeyFile(f"line {number} of the key file repeats a key")
        held[name] = key
        if state == "active":
            active.append(name)
    if len(active) != 1:
        raise BadKeyFile("the key file must have exactly one active key")
    return active[0], held


def _parse(line: str, number: int) -> tuple[str, str, bytes]:
    fields = line.split(" ")
    if len(fields) != 3 or fields[0] not in ("active", "retired"):
        raise BadKeyFile(f"line {number} of the key file is not 'active|retired FINGERPRINT BASE64'")
    try:
        key = base64.b64decode(fields[2], validate=True)
    except binascii.Error:
        raise BadKeyFile(f"the key in line {number} of the key file is not base64") from None
    if len(key) != KEY or keys.fingerprint(expander(key)) != fields[1]:
        raise BadKeyFile(f"the key in line {number} of the key file does not fit its fingerprint")
    return fields[0], fields[1], key


def _comments(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="ascii").splitlines()[1:] if line.startswith("#")]


def _format(active: str, held: Mapping[str, bytes], comments: Sequence[str] = ()) -> str:
    lines = [_FIRST_LINE, *comments]
    for name, key in held.items():
        lines.append(f"{'active' if name == active else 'retired'} {name} {base64.b64encode(key).decode()}")
    return "\n".join(lines) + "\n"


@contextmanager
def _replacing(path: Path) -> Iterator[Callable[[str], None]]:
    """Gives a function that replaces the file in one step, so that no crash leaves half a key file.

    The file written beside it is the lock as well: two changes at once would lose the key that one of them added.
    """
    beside = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadKeyFile(f"the key file is being changed; if that was cut off, remove {beside.name}") from None
    except OSError as error:
        raise BadKeyFile(f"the key file can't be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:

        def write(text: str) -> None:
            file.write(text)
            file.flush()
            if path.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(file.fileno())
            beside.replace(path)
            _sync_directory(path.parent)

        try:
            yield write
        except OSError as error:
            raise BadKeyFile(f"the key file can't be written: {error.strerror}") from None
        finally:
            beside.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
