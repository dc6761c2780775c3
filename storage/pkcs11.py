"""Key-encryption keys in a hardware security module, through PKCS#11 2.40 (optional extra ``hsm``).

The KEKs are generic secret keys of 64 bytes with one label, told apart by CKA_ID; the one with the greatest CKA_ID is
active. They need nothing but CKM_SHA512_HMAC, never leave the module, and wrap exactly as a key file does.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, SecretKey, Session
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn

from storage import keys
from storage.cobblestone import Expand
from storage.errors import Unavailable, UnknownKek
from storage.keys import WrappedKey

_ID: Final = 8  # bytes of CKA_ID, a counter
_KEK: Final = 64  # bytes; RFC 2104 advises no fewer than the hash has, and modules insist on it

_initialised_by: Final[dict[str, int]] = {}  # modules, and the process in which each was loaded


class HsmKeys:
    """A :class:`~storage.keys.KeyWrapper` over a token: ``module`` is the path of the vendor's library.

    Safe between threads, and over a fork. Every method raises Unavailable when the module can't be used.
    """

    def __init__(self, module: str, token: str, pin: str, label: str = "samrum") -> None:
        self._module, self._token, self._pin, self._label = module, token, pin, label
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._process = 0
        self._active = ""
        self._held: dict[str, SecretKey] = {}

    @property
    def active(self) -> str:
        """Fingerprint of the KEK that wraps new keys."""
        with self._open():
            if not self._active:
                raise UnknownKek("the security module holds no key-encryption key; make one first")
            return self._active

    @property
    def fingerprints(self) -> frozenset[str]:
        """Every KEK held, the active one included."""
        with self._open():
            return frozenset(self._held)

    def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        """``key`` (32 bytes) under the active KEK."""
        with self._open() as session:
            self._find(session)  # a rotation may have added a KEK
            active = self.active
            return WrappedKey(active, keys.wrap(_expander(self._held[active]), key, context))

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The key. UnknownKek when its KEK is not in the module, Corrupt when it was not wrapped for this context."""
        with self._open() as session:
            if wrapped.kek not in self._held:
                self._find(session)  # a rotation may have added it
            expanders = {name: _expander(key) for name, key in self._held.items()}
            return keys.unwrap(keys.choose(expanders, wrapped.kek), wrapped.blob, context)

    def add(self) -> str:
        """Make a fresh KEK inside the module and make it the active one; returns its fingerprint."""
        with self._guarded():
            self.close()  # a token has one login a process, and writing needs a session of another kind
            with self._login(rw=True) as session:
                self._find(session)
                latest = max((int.from_bytes(key.id, "big") for key in self._held.values()), default=0)
                session.generate_key(
                    KeyType.GENERIC_SECRET,
                    8 * _KEK,
                    id=(latest + 1).to_bytes(_ID, "big"),
                    label=self._label,
                    store=True,
                    capabilities=MechanismFlag.SIGN,
                    mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
                    template={
                        Attribute.SENSITIVE: True,
                        Attribute.EXTRACTABLE: False,
                        Attribute.PRIVATE: True,
                        Attribute.MODIFIABLE: False,
                    },
                )
        return self.active

    def close(self) -> None:
        """Log out; the next use logs in again."""
        with self._lock:
            if self._session is not None and self._process == os.getpid():
                self._session.close()
            self._session = None

    @contextmanager
    def _open(self) -> Iterator[Session]:
        with self._guarded():
            if self._session is None or self._process != os.getpid():
                self._session = self._login()
                self._find(self._session)
            yield self._session

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except PKCS11Error as error:
                self._session = None  # a module that was restarted or replaced is met afresh the next time
                raise Unavailable(f"the security module can't be used: {type(error).__name__}") from None

    def _login(self, *, rw: bool = False) -> Session:
        library = pkcs11.lib(self._module)
        if _initialised_by.setdefault(self._module, os.getpid()) != os.getpid():
            # PKCS#11 2.40, 6.6.1: a child has to initialise for itself, and owns none of its parent's sessions
            library.reinitialize()
            _initialised_by[self._module] = os.getpid()
        self._process = os.getpid()
        token = library.get_token(token_label=self._token)
        try:
            return token.open(rw=rw, user_pin=self._pin)
        except UserAlreadyLoggedIn:  # by another session of this process, and that counts for all of them
            return token.open(rw=rw)

    def _find(self, session: Session) -> None:
        found = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label})
        ordered = sorted((key for key in found if isinstance(key, SecretKey)), key=lambda key: key.id)
        self._held = {keys.fingerprint(_expander(key)): key for key in ordered}
        self._active = list(self._held)[-1] if self._held else ""


def _expander(key: SecretKey) -> Expand:
    """HKDF-Expand (RFC 5869, 2.3) from HMAC-SHA-512 inside the module."""
    sign: Callable[..., bytes] = key.sign  # type: ignore[attr-defined]

    def expand(info: bytes, length: int) -> bytes:
        output = block = b""
        counter = 1
        while len(output) < length:
            block = sign(block + info + bytes([counter]), mechanism=Mechanism.SHA512_HMAC)
            output += block
            counter += 1
        return output[:length]

    return expand
