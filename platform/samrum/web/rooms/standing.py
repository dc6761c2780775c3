"""Who may see the files of a room today, why, until when, and what is missing, in words."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from auth.policy import Missing
from samrum.services.room_parts import ConsentLine, TeamMember
from samrum.services.rooms import RoomView
from samrum.web.current import language
from samrum.wording import wording


@dataclass(frozen=True)
class Standing:
    """One person, or the parents together. ``why`` says why somebody gets in, or what is missing before."""

    name: str
    role: str
    gets_in: bool
    level: str
    why: str
    until: date | None
    member: TeamMember | None = None


def standings(view: RoomView) -> list[Standing]:
    """Everybody in the room: the young person, the staff, the parents."""
    lines = [_youth(view), *(_member(view, member) for member in view.team)]
    with_login = [parent.name for parent in view.parents if parent.can_log_in]
    without_login = [parent.name for parent in view.parents if not parent.can_log_in]
    if with_login:
        lines.append(_parents(view, with_login))
    if without_login:
        why = _("Kan ikke logge ind uden CPR-nummer, kun give samtykke på papir.")
        lines.append(Standing(listed(without_login), _role(without_login), False, "none", why, None))
    return lines


def lacking(view: RoomView, missing: Missing) -> str:
    """What is missing before a recipient may see the files; whose consent, and by name."""
    sentences = []
    givers = [_("dig") if view.is_youth else view.youth_name] if missing.youth else []
    holders = [parent for parent in view.parents if parent.custody_holder]
    names = [holder.name for holder in holders if holder.citizen_id in missing.custody_holders]
    if len(names) == 1 and len(holders) > 1:
        givers.append(_("den ene forælder, %(name)s", name=names[0]))
    else:
        givers += [_("%(name)s (forælder)", name=name) for name in names]
    if givers:
        sentences.append(_("Mangler samtykke fra %(who)s.", who=listed(givers)))
    if missing.no_custody_holder:
        sentences.append(_("Der er ikke registreret nogen med forældremyndighed."))
    return " ".join(sentences)


def listed(names: list[str]) -> str:
    """Names as a sentence has them: "A, B og C"."""
    if len(names) < 2:
        return "".join(names)
    return str(_("%(first)s og %(last)s", first=", ".join(names[:-1]), last=names[-1]))


def kinds_named(consent: ConsentLine, youth_id: UUID) -> str:
    """The kinds of information in the words that the consent's giver read."""
    known = wording(consent.wording_version, language()).kinds(by_youth=consent.giver_id == youth_id)
    return ", ".join(known.get(kind, kind) for kind in consent.kinds)


def changes_at_eighteen(view: RoomView) -> list[str]:
    """What changes when the young person turns 18, one sentence each; for an adult what has changed."""
    name = view.youth_name
    birthday, access_ends = day(view.eighteenth_birthday), day(view.parents_access_ends)
    if not view.is_minor and view.is_youth:
        return [_("Du er fyldt 18. Nu er det kun dit eget samtykke, der tæller, og dine forældre kan ikke se rummet.")]
    if not view.is_minor:
        return [
            _("%(name)s er fyldt 18. Kun den unges eget samtykke tæller, og forældre kan ikke se rummet.", name=name)
        ]
    if not view.sees_all:
        return [
            _("Du kan ikke længere se rummet fra den %(day)s, fordi %(name)s fylder 18.", day=access_ends, name=name)
        ]
    if view.is_youth:
        return [
            _("Den %(day)s fylder du 18. Fra den dag er det kun dit eget samtykke, der tæller.", day=birthday),
            _("Dine forældre kan ikke længere se rummet fra den %(day)s.", day=access_ends),
            _("Det, du selv har sagt ja til, gælder videre, til det udløber, eller du trækker det tilbage."),
            *_let_in(view, birthday),
        ]
    return [
        _("Den %(day)s fylder %(name)s 18. Fra den dag tæller kun den unges eget samtykke.", day=birthday, name=name),
        _("Forældrene kan ikke længere se rummet fra den %(day)s.", day=access_ends),
        _("Den unges egne samtykker gælder videre, til de udløber eller bliver trukket tilbage."),
        *_let_in(view, birthday),
    ]


def _let_in(view: RoomView, birthday: str) -> list[str]:
    """Who gets in on the birthday because only a parent's consent was missing."""
    units = dict.fromkeys(member.unit for member in view.team if member.opens_at_eighteen)
    if not units or view.is_closed:
        return []
    text = _("%(who)s kan se filerne fra den %(day)s, fordi det kun er forældrenes samtykke, der mangler.")
    return [text % {"who": listed(list(units)), "day": birthday}]


def day(when: date) -> str:
    return str(format_date(when, "d. MMMM y" if str(get_locale()) == "da" else "d MMMM y"))


def _youth(view: RoomView) -> Standing:
    role = _("Den unge")
    if view.youth_access == "none":
        return Standing(view.youth_name, role, False, "none", _("Ejeren har ikke åbnet filerne for den unge."), None)
    level = "read" if view.is_closed else view.youth_access
    why = _("Det er dit rum.") if view.is_youth else _("Det er den unges eget rum.")
    return Standing(view.youth_name, role, True, level, why, None)


def _member(view: RoomView, member: TeamMember) -> Standing:
    if member.is_owner:
        level = "read" if view.is_closed else "write"
        return Standing(member.name, member.unit, member.is_active, level, _("Ejer rummet."), None, member)
    why, gets_in = "", False
    if not member.is_active:
        why = _("Kontoen er lukket.")
    elif member.has_run_out and member.last_day is not None:
        why = _("Adgangen udløb den %(day)s.", day=day(member.last_day))
    elif member.missing:
        why = lacking(view, member.missing)
    elif view.is_closed:
        why = _("Rummet er lukket, så adgangen hviler.")
    elif member.in_owners_unit:
        why, gets_in = _("Har fået adgang af ejeren og er i samme enhed, så der skal ikke samtykke til."), True
    else:
        why, gets_in = _("Har fået adgang af ejeren, og samtykket dækker enheden."), True
    return Standing(member.name, member.unit, gets_in, member.level, why, member.until if gets_in else None, member)


def _role(names: list[str]) -> str:
    return str(_n("Forælder", "Forældre", len(names)))


def _parents(view: RoomView, names: list[str]) -> Standing:
    why, gets_in = "", False
    if view.today >= view.parents_access_ends:
        why = _("Den unge er fyldt 18.")
    elif view.parent_access == "none":
        why = _("Ejeren har ikke åbnet filerne for forældre.")
    elif view.parents_missing:
        why = lacking(view, view.parents_missing)
    elif view.is_closed:
        why = _("Rummet er lukket, så adgangen hviler.")
    else:
        why, gets_in = _("Ejeren har åbnet for forældre, og samtykket dækker dem."), True
    return Standing(
        listed(names), _role(names), gets_in, view.parent_access, why, view.parents_until if gets_in else None
    )
