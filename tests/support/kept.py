"""A running service with a room in it, for tests of what breaks under way."""

import http.client
from uuid import UUID

from samrum.config import MIB
from support.papers import Papers
from support.service import Service
from support.uploads import pdf

LARGE = 40 * MIB  # more than all the buffers on the way together


class Kept:
    """A service, and a room in it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.papers = Papers.make(service.world)
        self.client = service.client(self.papers.owner)
        self.upload_page = f"{self.papers.url}/files/new"

    def large(self) -> str:
        """Put a file there that no buffer on the way holds whole; returns its address."""
        return f"{self.papers.url}/files/{self.document(LARGE)}/1"

    def document(self, size: int) -> UUID:
        """Put a document of so many bytes there; returns its id."""
        before = set(self.papers.documents())
        answer = self.client.upload(self.upload_page, "Stor.pdf", pdf(size))
        assert answer.status == 303, answer.text
        (document_id,) = set(self.papers.documents()) - before
        return document_id


def rest(response: http.client.HTTPResponse) -> int:
    """Bytes that still come before the connection breaks; fails when the download ends as if it were whole."""
    count = 0
    try:
        while piece := response.read(MIB):
            count += len(piece)
    except http.client.IncompleteRead as broken:
        return count + len(broken.partial)
    except ConnectionResetError:
        return count
    assert response.length, "the download ended cleanly"
    return count
