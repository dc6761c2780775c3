from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from storage import MemoryStore, ObjectStore, S3Store

if TYPE_CHECKING:
    from samrum.demo.weed import EmbeddedS3


@pytest.fixture
def s3_store(s3_server: "EmbeddedS3", s3_bucket: str) -> S3Store:
    """A store in an empty bucket of a real S3 server."""
    store = S3Store(s3_server.endpoint_url, s3_bucket, s3_server.access_key, s3_server.secret_key)
    store.ensure_bucket()
    return store


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each implementation of the contract in turn, empty."""
    makers: dict[str, Callable[[], ObjectStore]] = {
        "memory": MemoryStore,
        "s3": lambda: request.getfixturevalue("s3_store"),
    }
    return makers[request.param]()
