"""Encrypted, immutable versions of documents in any S3-compatible store. FORMAT.md specifies what is stored."""

from storage.container import Place, TextPlace
from storage.errors import AlreadyExists, Corrupt, NotFound, StorageError, Unavailable, UnknownKek
from storage.keyfile import BadKeyFile, KeyFile
from storage.keys import KeyWrapper, WrappedKey, check_canary, new_canary
from storage.memory import MemoryStore
from storage.reader import Reader
from storage.s3 import S3Store
from storage.store import ObjectInfo, ObjectStore, Unfinished
from storage.upload import Stored, Upload
from storage.vault import Vault, object_name

__all__ = [
    "AlreadyExists",
    "BadKeyFile",
    "Corrupt",
    "KeyFile",
    "KeyWrapper",
    "MemoryStore",
    "NotFound",
    "ObjectInfo",
    "ObjectStore",
    "Place",
    "Reader",
    "S3Store",
    "StorageError",
    "Stored",
    "TextPlace",
    "Unavailable",
    "Unfinished",
    "UnknownKek",
    "Upload",
    "Vault",
    "WrappedKey",
    "check_canary",
    "new_canary",
    "object_name",
]
