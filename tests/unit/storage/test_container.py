import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from storage import container, keys
from storage.cobblestone import expander
from storage.container import Place, TextPlace
from storage.errors import Corrupt

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "known_answers.json").read_text())
ORG, CASE, DOC, VERSION = (UUID(bytes=bytes([17 * n]) * 16) for n in (1, 2, 3, 4))
CONTEXTS = {
    "samrum object": container.object_context(Place(ORG, CASE, DOC, VERSION)),
    "samrum data key": container.data_key_context(Place(ORG, CASE, DOC, VERSION)),
    "samrum case key": container.case_key_context(ORG, CASE),
    "samrum text": container.text_context(TextPlace(ORG, CASE, VERSION), "document.name"),
    "samrum canary": container.canary_context(),
}


@pytest.mark.parametrize("answer", ANSWERS["containers"], ids=lambda a: str(a["label"]))
def test_a_container_made_by_hand_opens(answer: dict[str, Any]) -> None:
    expand = expander(bytes.fromhex(answer["key"]))
    sealed = bytes.fromhex(answer["sealed"])
    assert container.unseal(expand, CONTEXTS[answer["label"]], sealed).hex() == answer["plain"]


@pytest.mark.parametrize("answer", ANSWERS["containers"], ids=lambda a: str(a["label"]))
def test_a_container_opens_for_no_other_purpose(answer: dict[str, Any]) -> None:
    expand = expander(bytes.fromhex(answer["key"]))
    for label, context in CONTEXTS.items():
        if label != answer["label"]:
            with pytest.raises(Corrupt):
                container.unseal(expand, context, bytes.fromhex(answer["sealed"]))


def test_the_fingerprint_of_a_kek_is_the_known_answer() -> None:
    answer = ANSWERS["fingerprint"]
    assert keys.fingerprint(expander(bytes.fromhex(answer["kek"]))) == answer["fingerprint"]


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_container_of_another_size_is_no_wrapped_key(size: int) -> None:
    expand = expander(bytes(32))
    with pytest.raises(Corrupt):
        keys.unwrap(expand, container.seal(expand, b"context", bytes(size)), b"context")


def test_no_two_contexts_are_the_same() -> None:
    assert len(set(CONTEXTS.values())) == len(CONTEXTS)
    swapped = container.object_context(Place(ORG, CASE, VERSION, DOC))
    assert swapped != CONTEXTS["samrum object"]
    assert len(swapped) == 16 + 8 + 4 * 16
