"""Wrapping keys: a key-encryption key (KEK) outside the database wraps case keys, a case key wraps data keys.

A KEK is never asked to encrypt anything: it only answers HKDF-Expand (RFC 5869), from which the key of one single
wrapping follows. That makes every wrapping committing and bound to its context, and lets a hardware module that
offers nothing but HMAC-SHA-512 keep the KEK inside.
"""

import os
from dataclasses import dataclass
from typing import Final, Protocol

from storage import cobblestone, container
from storage.cobblestone import Expand
from storage.errors import Corrupt, UnknownKek

WRAPPED: Final = container.HEADER + cobblestone.KEY + cobblestone.TAG
"""Bytes of a wrapped 32-byte key."""

_FINGERPRINT_INFO: Final = b"samrum kek fingerprint v1"
_FINGERPRINT: Final = 16


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key under a KEK: ``kek`` is the KEK's fingerprint (32 hex digits), ``blob`` the container of 112 bytes."""

    kek: str
    blob: bytes


class KeyWrapper(Protocol):
    """Holds key-encryption keys, one of them active, and wraps and unwraps 32-byte keys for a context."""

    @property
    def active(self) -> str:
        """Fingerprint of the KEK that wraps new keys."""

    @property
    def fingerprints(self) -> frozenset[str]:
        """Every KEK held, the active one included."""

    def add(self) -> str:
        """Make a fresh KEK the active one; returns its fingerprint. The others stay."""

    def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        """``key`` under the active KEK. Unavailable when the KEK can't be reached."""

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The key. UnknownKek when its KEK is not held here, Corrupt when it was not wrapped for this context."""


def new_key() -> bytes:
    """A fresh 32-byte key from the system's random source."""
    return os.urandom(cobblestone.KEY)


def fingerprint(expand: Expand) -> str:
    """Names a KEK without telling anything about it."""
    return expand(_FINGERPRINT_INFO, _FINGERPRINT).hex()


def wrap(expand: Expand, key: bytes, context: bytes) -> bytes:
    """A 32-byte key in a container under the key behind ``expand``."""
    if len(key) != cobblestone.KEY:
        raise ValueError(f"a key is {cobblestone.KEY} bytes")
    return container.seal(expand, context, key)


def unwrap(expand: Expand, blob: bytes, context: bytes) -> bytes:
    """The key in a container made by :func:`wrap`. Corrupt when it is not one for this context."""
    if len(blob) != WRAPPED:
        raise Corrupt("not a wrapped key")
    return container.unseal(expand, context, blob)


def rewrap(wrapper: KeyWrapper, wrapped: WrappedKey, context: bytes) -> WrappedKey:
    """The same key under the active KEK; ``wrapped`` itself when it is there already, so repeating costs nothing."""
    if wrapped.kek == wrapper.active:
        return wrapped
    return wrapper.wrap(wrapper.unwrap(wrapped, context), context)


def new_canary(wrapper: KeyWrapper) -> WrappedKey:
    """A throw-away key under the active KEK, to be kept beside the data: see :func:`check_canary`."""
    return wrapper.wrap(new_key(), container.canary_context())


def check_canary(wrapper: KeyWrapper, canary: WrappedKey) -> None:
    """Call at start-up: UnknownKek or Corrupt when ``wrapper`` does not hold the KEK of this installation's data."""
    wrapper.unwrap(canary, container.canary_context())


def choose(expanders: dict[str, Expand], kek: str) -> Expand:
    """The KEK with this fingerprint. UnknownKek when there is none."""
    try:
        return expanders[kek]
    except KeyError:
        raise UnknownKek("a key was wrapped under a key-encryption key that is not loaded") from None
