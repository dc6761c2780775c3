"""The rows of a search as a file: a table for a spreadsheet, or JSON Lines for a program."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime
from flask_babel import gettext as _

from samrum.services import audit_search
from samrum.services.audit_search import Line, Person
from samrum.web.audit import blueprint
from samrum.web.audit.labels import EVENTS, PEOPLE, REASONS, label
from samrum.web.audit.search import wanted_here
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to

_BYTE_ORDER_MARK = "\ufeff"
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/log.csv")
@open_to(Audience.AUDITOR, step_up=True)
def as_csv() -> ResponseReturnValue:
    """Semicolons, and a mark that says UTF-8: what a Danish spreadsheet opens by itself."""
    return _file(_table(audit_search.export(platform(), caller(), wanted_here())), "text/csv", "log.csv")


@blueprint.get("/log.jsonl")
@open_to(Audience.AUDITOR, step_up=True)
def as_json_lines() -> ResponseReturnValue:
    """One row on each line, moments in UTC."""
    lines = audit_search.export(platform(), caller(), wanted_here())
    return _file((_object(line) for line in lines), "application/jsonl", "log.jsonl")


def _file(parts: Iterator[str], media_type: str, name: str) -> Response:
    response = Response(stream_with_context(parts), content_type=f"{media_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _table(lines: Iterable[Line]) -> Iterator[str]:
    headings = (
        _("Nummer"), _("Tidspunkt"), _("Hændelse"), _("Hvem"), _("Enhed"), _("Rum"), _("Om hvem"), _("Dokument"),
        _("Version"), _("Begrundelse"), _("Adresse"), _("Detaljer"), _("Kontrolsum"),
    )  # fmt: skip
    yield _BYTE_ORDER_MARK + _row(headings)
    for line in lines:
        yield _row(
            (
                line.sequence,
                format_datetime(line.at, "yyyy-MM-dd HH:mm:ss"),
                label(EVENTS, line.action),
                line.actor.name or label(PEOPLE, line.actor.role),
                line.actor.unit,
                line.case_number,
                _subject(line.subject),
                line.document_id,
                line.version_id,
                label(REASONS, line.reason),
                line.address,
                json.dumps(line.detail, ensure_ascii=False) if line.detail else "",
                line.hash.hex(),
            )
        )


def _row(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def _subject(person: Person | None) -> str:
    return "" if person is None else person.name or label(PEOPLE, person.role)


def _object(line: Line) -> str:
    fields = {
        "sequence": line.sequence,
        "at": line.at.isoformat(),
        "action": line.action,
        "actor": _person(line.actor),
        "case": line.case_number,
        "case_id": _text(line.case_id),
        "document_id": _text(line.document_id),
        "version_id": _text(line.version_id),
        "subject": _person(line.subject) if line.subject else None,
        "reason": line.reason,
        "address": line.address,
        "detail": line.detail,
        "hash": line.hash.hex(),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _person(person: Person) -> dict[str, str | None]:
    return {"role": person.role, "id": _text(person.id), "name": person.name or None, "unit": person.unit or None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
