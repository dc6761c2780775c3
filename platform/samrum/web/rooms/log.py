"""Who has seen and done what in the room, day by day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import to_user_timezone

from samrum.services.room_log import LogLine, NamedVersion, show_log
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.given import row_number
from samrum.web.naming import named
from samrum.web.rooms import blueprint
from samrum.web.rooms.standing import day
from samrum.web.words import HAND_OVER_REASONS, KINDS, LEVELS

_PLAIN = {
    "case_created": _l("%(who)s oprettede rummet"),
    "case_changed": _l("%(who)s rettede stamoplysninger"),
    "case_viewed": _l("%(who)s åbnede rummet"),
    "case_closed": _l("%(who)s lukkede rummet"),
    "case_reopened": _l("%(who)s åbnede rummet igen"),
    "case_handed_over": _l("%(who)s gav rummet videre til %(subject)s"),
    "log_viewed": _l("%(who)s så listen over, hvem der har set hvad"),
    "log_searched": _l("%(who)s søgte i loggen over rummet som revisor"),
    "log_exported": _l("%(who)s tog en kopi af loggen over rummet som revisor"),
    "row_reviewed": _l("%(who)s tjekkede som revisor, om nogen måtte se det, de så"),
    "levels_set": _l("%(who)s ændrede, hvad den unge og forældrene må"),
    "parent_added": _l("%(who)s tilføjede %(subject)s som forælder"),
    "grant_set": _l("%(who)s gav %(subject)s adgang"),
    "grant_revoked": _l("%(who)s fjernede adgangen for %(subject)s"),
    "consent_ran_out": _l("Samtykket fra %(subject)s udløb"),
    "receipt_fetched": _l("%(who)s hentede kvitteringen for et samtykke"),
    "document_viewed": _l("%(who)s så alle versioner af en fil"),
    "version_uploaded": _l("%(who)s lagde en fil op"),
    "version_downloaded": _l("%(who)s hentede en fil"),
    "download_failed": _l("%(who)s prøvede at hente en fil, men fik den ikke"),
    "version_restored": _l("%(who)s gjorde en ældre version til den nyeste"),
    "trash_viewed": _l("%(who)s så papirkurven"),
    "document_trashed": _l("%(who)s flyttede en fil til papirkurven"),
    "document_untrashed": _l("%(who)s lagde en fil tilbage fra papirkurven"),
    "denied": _l("%(who)s fik ikke adgang"),
    "case_key_destroyed": _l("Rummets filer blev slettet for altid"),
}
_OTHER = _l("%(who)s gjorde noget i rummet")

_DENIED_BECAUSE = {
    "not_attached": _l("Er ikke med i rummet eller må ikke det, som blev prøvet."),
    "no_grant": _l("Har ikke lov til det, som blev prøvet."),
    "grant_read_only": _l("Må kun læse."),
    "grant_expired": _l("Adgangen var udløbet."),
    "youth_consent_missing": _l("Samtykke fra den unge manglede."),
    "custody_holder_missing": _l("Der var ikke registreret nogen med forældremyndighed."),
    "custody_consent_missing": _l("Samtykke fra en forælder manglede."),
    "youth_access_off": _l("Ejeren havde ikke åbnet filerne for den unge."),
    "youth_read_only": _l("Den unge måtte kun læse."),
    "parent_access_off": _l("Ejeren havde ikke åbnet filerne for forældre."),
    "parent_read_only": _l("Forældre måtte kun læse."),
    "youth_is_adult": _l("Den unge er fyldt 18."),
    "case_closed": _l("Rummet var lukket."),
    "account_inactive": _l("Kontoen var lukket."),
}


@dataclass(frozen=True)
class Happening:
    """A line of the page. ``times``: how often in a row."""

    at: datetime
    sentence: str
    unit: str
    about: str
    document_id: UUID | None
    is_refusal: bool
    times: int = 1


@blueprint.get("/<uuid:case_id>/log")
@open_to(*SIGNED_IN)
def log(case_id: UUID) -> ResponseReturnValue:
    """The newest first, grouped by day; older ones are a link away, and so is what others have opened alone."""
    before = request.args.get("before", type=row_number)
    only_seen = request.args.get("only") == "seen"
    page = show_log(platform(), caller(), case_id, before=before, only_seen=only_seen)
    days: list[tuple[date, list[Happening]]] = [
        (when, _merged(list(lines))) for when, lines in groupby(page.lines, key=lambda line: local_day(line.at))
    ]
    return render_template(
        "rooms/log.html",
        case_id=case_id,
        page=page,
        days=days,
        is_first_page=before is None,
        only="seen" if only_seen else None,
    )


def local_day(moment: datetime) -> date:
    return to_user_timezone(moment).date()  # type: ignore[no-any-return]


def _merged(lines: list[LogLine]) -> list[Happening]:
    """The lines of a day; the same again and again by the same person counts as one line."""
    merged = []
    for _key, group in groupby(lines, key=_sameness):
        same = list(group)
        first = same[0]
        merged.append(
            Happening(
                first.at,
                _sentence(first),
                "" if first.is_me else named(first.unit),
                _about(first),
                first.document_id if first.version else None,
                first.action == "denied",
                len(same),
            )
        )
    return merged


def _sameness(line: LogLine) -> tuple[object, ...]:
    return (
        line.who,
        line.is_me,
        line.action,
        line.subject,
        line.reason,
        line.document_id,
        line.version,
        str(line.detail),
    )


def _sentence(line: LogLine) -> str:
    names = {"who": _who(line), "subject": named(line.subject) or _("en person, der ikke er med længere")}
    special = _SPECIAL.get(line.action)
    return (special(line) if special else str(_PLAIN.get(line.action, _OTHER))) % names


def _who(line: LogLine) -> str:
    if line.is_me:
        return str(_("Du"))
    return named(line.who) or str(_("Samrum") if line.is_system else _("En person, der ikke er med længere"))


def _given(line: LogLine) -> str:
    if line.detail.get("method") == "paper":
        return str(_("%(who)s skrev et samtykke på papir ind fra %(subject)s"))
    return str(_("%(who)s gav samtykke"))


def _withdrawn(line: LogLine) -> str:
    if line.by_subject:
        return str(_("%(who)s trak sit samtykke tilbage")) if not line.is_me else str(_("Du trak dit samtykke tilbage"))
    return str(_("%(who)s skrev ind, at %(subject)s har trukket sit samtykke tilbage"))


def _parent_changed(line: LogLine) -> str:
    if line.detail.get("removed"):
        return str(_("%(who)s fjernede en forælder fra rummet"))
    if line.detail.get("custody_holder"):
        return str(_("%(who)s registrerede, at %(subject)s har forældremyndighed"))
    return str(_("%(who)s registrerede, at %(subject)s ikke har forældremyndighed"))


def _downloaded(line: LogLine) -> str:
    if line.detail.get("zip"):
        return str(_("%(who)s hentede en fil sammen med alle de andre"))
    return str(_PLAIN[line.action])


_SPECIAL: dict[str, Callable[[LogLine], str]] = {
    "consent_given": _given,
    "consent_withdrawn": _withdrawn,
    "parent_changed": _parent_changed,
    "version_downloaded": _downloaded,
}


def _about(line: LogLine) -> str:
    """What more there is to say, in words."""
    if line.version is not None:
        return _file(line.version)
    detail = line.detail
    about = ""
    if line.action == "denied":
        about = str(_DENIED_BECAUSE.get(line.reason or "", ""))
    elif line.action == "grant_set":
        about = _until(str(LEVELS.get(str(detail.get("level")), "")), detail.get("last_day"))
    elif line.action in ("consent_given", "consent_ran_out"):
        about = _until("", detail.get("until"))
    elif line.action == "case_handed_over":
        about = str(HAND_OVER_REASONS.get(str(detail.get("why")), ""))
    elif "youth_access" in detail:
        youth, parents = (LEVELS.get(str(detail.get(key)), "") for key in ("youth_access", "parent_access"))
        about = str(_("Den unge: %(youth)s. Forældrene: %(parents)s.", youth=youth, parents=parents))
    return about


def _file(version: NamedVersion) -> str:
    named = f"{KINDS.get(version.kind, '')}: {version.name}"
    if version.number is None:
        return named
    return str(_("%(file)s, version %(number)s", file=named, number=version.number))


def _until(text: str, last: object) -> str:
    if not isinstance(last, str):
        return text
    until = _("Til og med den %(day)s", day=day(date.fromisoformat(last)))
    return f"{text}. {until}" if text else str(until)
