"""Every message of the pages is there in English too."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "platform/samrum/translations/en/LC_MESSAGES/messages.po"


@pytest.fixture(scope="module")
def english() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def found_in_use() -> set[str | tuple[str, ...]]:
    """Every Danish message in the code and the templates; a plural with its singular."""
    with (ROOT / "deploy/babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "_n": (1, 2)}
    found = extract_from_dir(ROOT, mapping, options, keywords, directory_filter=_holds_messages)
    return {message for _, _, message, _, _ in found}


def messages_in_use() -> set[str]:
    """Every Danish message in the code and the templates; of a plural the singular."""
    return {message if isinstance(message, str) else message[0] for message in found_in_use()}


def _holds_messages(folder: str) -> bool:
    """Whether to look into a folder: only where our own code and pages lie."""
    parts = Path(folder).relative_to(ROOT).parts
    return not parts or (parts[0] in ("platform", "templates") and "static" not in parts)


def test_no_message_lacks_its_english(english: Catalog) -> None:
    def has_english(message: str) -> bool:
        entry = english.get(message)
        texts = (entry.string if entry is not None else None) or [""]
        return all([texts] if isinstance(texts, str) else texts)

    assert sorted(message for message in messages_in_use() if not has_english(message)) == []


def test_every_plural_has_its_english_for_one_and_for_many(english: Catalog) -> None:
    def is_plural(message: str) -> bool:
        entry = english.get(message)
        return entry is not None and bool(entry.pluralizable)

    plurals = {message[0] for message in found_in_use() if not isinstance(message, str)}
    assert sorted(message for message in plurals if not is_plural(message)) == []


def test_no_english_text_is_a_guess_or_misses_a_value(english: Catalog) -> None:
    def wrong(message: Message) -> bool:
        return bool(message.id) and (message.fuzzy or bool(list(message.check(english))))

    assert [message.id for message in english if wrong(message)] == []
