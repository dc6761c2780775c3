"""The audit chain: each row's hash covers the row before it and the row's own canonical form."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

FIRST_HASH = bytes(32)


def canonical(fields: Mapping[str, object]) -> bytes:
    """One byte form for one row: JSON with sorted keys, no spaces, moments in UTC ISO form, ids as hex with dashes."""
    return json.dumps(fields, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous_hash: bytes, fields: Mapping[str, object]) -> bytes:
    """The hash (32 bytes) of a row that follows the one with ``previous_hash``."""
    return sha256(previous_hash + canonical(fields)).digest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
