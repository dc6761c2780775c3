"""What can go wrong, in the terms of whoever stores and fetches documents."""


class StorageError(Exception):
    """Base of every error this package raises on purpose. Messages carry no names, ids or content."""


class NotFound(StorageError):
    """There is no such object."""


class Corrupt(StorageError):
    """The bytes are not what was sealed for this place: damaged, truncated, moved, or under another key."""


class Unavailable(StorageError):
    """The store or the key service did not answer, or refused; trying again later may help."""


class UnknownKek(Unavailable):
    """A key was wrapped under a key-encryption key that is not loaded here: the operator has to supply it."""


class AlreadyExists(StorageError):
    """An object of that name exists; versions are immutable, so nothing was written."""
