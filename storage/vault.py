"""The one door to stored documents: versions go in and come out as plaintext, everything outside is sealed."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from storage import container, keys
from storage.cobblestone import Sealer, expander
from storage.container import Place, TextPlace
from storage.ends import EndsKept
from storage.errors import Corrupt
from storage.keys import KeyWrapper, WrappedKey
from storage.reader import Reader
from storage.store import ObjectStore, nothing
from storage.upload import Upload

PREFIX: Final = "v1/"


def object_name(place: Place) -> str:
    """What the object of a version is called: its random id, which tells the store's operator nothing."""
    return PREFIX + place.version.hex


class Vault:
    """Seals versions and texts for their places, with keys that ``wrapper`` guards, into ``store``."""

    def __init__(self, store: ObjectStore, wrapper: KeyWrapper) -> None:
        self.store: Final = store
        self.wrapper: Final = wrapper
        self._ends: Final = EndsKept()

    def new_case_key(self, organisation: UUID, case: UUID) -> WrappedKey:
        """A fresh key for a case, to be kept with it. Whoever destroys it erases the case's files and texts."""
        return self.wrapper.wrap(keys.new_key(), container.case_key_context(organisation, case))

    def rewrap_case_key(self, case_key: WrappedKey, organisation: UUID, case: UUID) -> WrappedKey:
        """The same case key under the active KEK, for a rotation; ``case_key`` itself when it is there already."""
        return keys.rewrap(self.wrapper, case_key, container.case_key_context(organisation, case))

    def upload(self, case_key: WrappedKey, place: Place) -> Upload:
        """Start storing a version under a data key of its own. ``place.version`` must be a fresh random id.

        Use as a context manager: without ``finish()`` nothing stays behind. UnknownKek, Corrupt or Unavailable when
        the case key can't be used.
        """
        data_key = keys.new_key()
        wrapped = keys.wrap(
            expander(self._case_key(case_key, place.organisation, place.case)),
            data_key,
            container.data_key_context(place),
        )
        sealer = Sealer(expander(data_key), container.object_context(place))
        return Upload(self.store, object_name(place), sealer, wrapped)

    def open(
        self,
        case_key: WrappedKey,
        place: Place,
        wrapped_data_key: bytes,
        expected: range | None = None,
        meanwhile: Callable[[], None] = nothing,
    ) -> Reader:
        """A stored version, its commitment and its length verified. NotFound, Corrupt, UnknownKek or Unavailable.

        ``expected`` are the plaintext bytes that will be read, if only some: a short range is fetched already.
        ``meanwhile`` is done while the store looks for them; what it raises is raised here.
        """
        data_key = keys.unwrap(
            expander(self._case_key(case_key, place.organisation, place.case)),
            wrapped_data_key,
            container.data_key_context(place),
        )
        context = container.object_context(place)
        return Reader(self.store, object_name(place), expander(data_key), context, expected, self._ends, meanwhile)

    def seal_text(self, case_key: WrappedKey, place: TextPlace, purpose: str, text: str) -> bytes:
        """A short text (a file name, a comment) sealed for its row; ``purpose`` names the column it stands in."""
        expand = expander(self._case_key(case_key, place.organisation, place.case))
        return container.seal(expand, container.text_context(place, purpose), text.encode())

    def open_text(self, case_key: WrappedKey, place: TextPlace, purpose: str, sealed: bytes) -> str:
        """The text. Corrupt when it was not sealed for this row and purpose."""
        expand = expander(self._case_key(case_key, place.organisation, place.case))
        try:
            return container.unseal(expand, container.text_context(place, purpose), sealed).decode()
        except UnicodeDecodeError:
            raise Corrupt("not a text") from None

    def delete(self, object_name: str) -> None:
        """Remove a version's object. No error when there is none."""
        self.store.delete(object_name)

    def _case_key(self, case_key: WrappedKey, organisation: UUID, case: UUID) -> bytes:
        return self.wrapper.unwrap(case_key, container.case_key_context(organisation, case))
