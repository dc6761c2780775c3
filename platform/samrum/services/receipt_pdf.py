"""A consent as a PDF: what was said yes to, in the words that were read then. From values alone.

The letters are those of the design system, embedded, so that every name is printed as it is written. Title, language
and headings are in the file for those who have it read aloud.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from babel.dates import format_date, format_datetime
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos

from auth.age import COPENHAGEN
from samrum.services.naming import Neutral, Shown
from samrum.wording import Wording

_FONTS: Final = Path(str(files("samrum"))) / "static/vendor/dkfds/fonts/IBMPlexSans/complete"
_REGULAR, _BOLD = _FONTS / "ttf/IBMPlexSans-Regular.ttf", _FONTS / "woff/IBMPlexSans-SemiBold.woff"
logging.getLogger("fontTools").setLevel(logging.WARNING)  # else it tells which letters a receipt has
_LINE: Final = 6.0
_LABEL_GREY: Final = 70


@dataclass(frozen=True)
class Receipt:
    """What a receipt says. ``recipients`` are units, without their names where they are hidden from its reader."""

    giver: str
    youth: str
    number: str
    by_youth: bool
    by_minor: bool
    recipients: list[Shown]
    to_parents: bool
    kinds: list[str]
    purpose: str
    from_day: date
    until_day: date
    given_at: datetime
    assurance: str | None
    transaction_id: str | None
    wording_version: int
    withdrawn_at: datetime | None = None

    @property
    def hides_names(self) -> bool:
        return any(isinstance(recipient, Neutral) for recipient in self.recipients)


def file_name(receipt: Receipt, words: Wording) -> str:
    """What the file is called."""
    return words.text("receipt", "file name", day=receipt.given_at.astimezone(COPENHAGEN).date().isoformat())


def lines(receipt: Receipt, words: Wording) -> list[tuple[str, str]]:
    """The facts of a receipt: label and value."""

    def text(key: str, **values: str) -> str:
        return words.text("receipt", key, **values)

    known = words.kinds(by_youth=receipt.by_youth)
    facts = [
        ("giver", receipt.giver),
        ("about", text("room", name=receipt.youth, number=receipt.number)),
        ("who", "\n".join(recipients(receipt, words))),
        ("kinds", "\n".join(known.get(kind, kind) for kind in receipt.kinds)),
        ("purpose", receipt.purpose),
        ("days", text("from until", first=_day(receipt.from_day, words), last=_day(receipt.until_day, words))),
        ("given", _moment(receipt.given_at, words)),
        ("how", _how(receipt, words)),
        ("transaction", receipt.transaction_id or ""),
        ("version", str(receipt.wording_version)),
        ("withdrawn", _moment(receipt.withdrawn_at, words) if receipt.withdrawn_at else ""),
    ]
    return [(text(key), value) for key, value in facts if value]


def recipients(receipt: Receipt, words: Wording) -> list[str]:
    """Whom the consent names, one to a line."""
    named = [_named(recipient, words) for recipient in receipt.recipients]
    return [*named, words.text("receipt", "parents")] if receipt.to_parents else named


def make_pdf(receipt: Receipt, words: Wording) -> bytes:
    """The receipt as a PDF, the same bytes for the same receipt."""
    page = _Page(words.language, words.text("receipt", "title"), receipt.given_at)
    page.paragraph(words.text("receipt", "lead"))
    for label, value in lines(receipt, words):
        page.fact(label, value)
    if receipt.hides_names:
        page.paragraph(words.text("receipt", "neutral note"))
    page.heading(words.text("receipt", "words"))
    page.paragraph(words.meaning(by_youth=receipt.by_youth, name=receipt.youth))
    page.items(words.points(by_youth=receipt.by_youth, minor=receipt.by_minor, name=receipt.youth))
    page.heading(words.text("receipt", "take back"))
    page.paragraph(words.text("receipt", "take back text"))
    return page.finished()


class _Page:
    def __init__(self, language: str, title: str, at: datetime) -> None:
        self._pdf = pdf = FPDF(format="A4")
        self._embedded = _REGULAR.is_file() and _BOLD.is_file()
        if self._embedded:
            pdf.add_font("samrum", "", _REGULAR)
            pdf.add_font("samrum", "B", _BOLD)
        self._family = "samrum" if self._embedded else "helvetica"
        pdf.set_lang(language)
        pdf.set_title(title)
        pdf.set_creator("Samrum")
        pdf.set_creation_date(at)
        pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
        pdf.set_margins(22, 20)
        pdf.set_auto_page_break(True, 20)
        pdf.add_page()
        pdf.start_section(title)
        self._write(title, "B", 20, 10)
        pdf.ln(2)

    def heading(self, text: str) -> None:
        self._pdf.ln(4)
        self._pdf.start_section(text, level=1)
        self._write(text, "B", 13, 7)

    def paragraph(self, text: str) -> None:
        self._write(text, "", 11, _LINE)
        self._pdf.ln(2)

    def fact(self, label: str, value: str) -> None:
        self._pdf.set_text_color(_LABEL_GREY)
        self._write(label, "B", 10, 5)
        self._pdf.set_text_color(0)
        self._write(value, "", 11, _LINE)
        self._pdf.ln(2)

    def items(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._write(f"•  {text}", "", 11, _LINE)

    def finished(self) -> bytes:
        return bytes(self._pdf.output())

    def _write(self, text: str, style: str, size: float, height: float) -> None:
        self._pdf.set_font(self._family, style, size)
        if not self._embedded:
            # where the design system was not collected, letters outside Western Europe's are lost, never the receipt
            text = text.replace("•", "-").encode("latin-1", "replace").decode("latin-1")
        self._pdf.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _named(recipient: Shown, words: Wording) -> str:
    if not isinstance(recipient, Neutral):
        return recipient
    kind = words.text("receipt", recipient.kind.value)
    return kind if recipient.number is None else f"{kind} {recipient.number}"


def _how(receipt: Receipt, words: Wording) -> str:
    if not receipt.assurance:
        return words.text("receipt", "how text")
    return words.text("receipt", "how text with level", level=words.level(receipt.assurance))


def _day(when: date, words: Wording) -> str:
    return format_date(when, "d. MMMM y" if words.language == "da" else "d MMMM y", locale=words.language)


def _moment(when: datetime, words: Wording) -> str:
    at = "d. MMMM y 'kl.' HH:mm" if words.language == "da" else "d MMMM y, HH:mm"
    return format_datetime(when, at, tzinfo=COPENHAGEN, locale=words.language)
