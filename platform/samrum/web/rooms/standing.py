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
    """One person, or the parents who get in alike. ``why`` says why they get in, or all that is missing before."""

    name: str
    role: str
    gets_in: bool
    level: str
    why: str
    until: date | None
    member: TeamMember | None = None
    people: int = 1


def standings(view: RoomView) -> list[Standing]:
    """Everybody in the room: the young person, the staff, the parents."""
    lines = [_youth(view), *(_member(view, member) for member in view.team)]
    with_login = [parent for parent in view.parents if parent.can_log_in]
    for gets_in in (True, False):
        alike = [parent.name for parent in with_login if parent.gets_in is gets_in]
        if alike:
            lines.append(_parents(view, alike, gets_in=gets_in))
    without_login = [parent.name for parent in view.parents if not parent.can_log_in]
    if without_login:
        why = _("Kan ikke logge ind uden CPR-nummer, kun give samtykke på papir.")
        role = _role(without_login)
        lines.append(Standing(listed(without_login), role, False, "none", why, None, people=len(without_login)))
    return lines


def at_a_glance(people: list[Standing]) -> str:
    """How many get in today, and how many do not."""
    inside = sum(line.people for line in people if line.gets_in)
    outside = sum(line.people for line in people if not line.gets_in)
    sentences = [_n("%(num)s person kan se filerne i dag.", "%(num)s personer kan se filerne i dag.", inside)]
    if outside:
        sentences.append(_n("%(num)s er med, men kan ikke.", "%(num)s er med, men kan ikke.", outside))
    return " ".join(sentences)


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
    if not view.youth_gets_in:
        why = _("Kontoen er lukket.")
    return Standing(view.youth_name, role, view.youth_gets_in, level, why, None)


def _member(view: RoomView, member: TeamMember) -> Standing:
    level = "read" if member.is_owner and view.is_closed else member.level
    if not member.gets_in:
        why = " ".join(_against(view, member)) or _("Kontoen kan ikke bruges til at se filer.")
    elif member.is_owner:
        why = _("Ejer rummet.")
    elif member.in_owners_unit:
        why = _("Har fået adgang af ejeren og er i samme enhed, så der skal ikke samtykke til.")
    else:
        why = _("Har fået adgang af ejeren, og samtykket dækker enheden.")
    until = member.until if member.gets_in else None
    return Standing(member.name, member.unit, member.gets_in, level, why, until, member)


def _against(view: RoomView, member: TeamMember) -> list[str]:
    """All that keeps somebody out: whoever sees to the one thing should know of the next."""
    found = []
    if not member.is_active:
        found.append(_("Kontoen er lukket."))
    if member.has_run_out and member.last_day is not None:
        found.append(_("Adgangen udløb den %(day)s.", day=day(member.last_day)))
    if member.missing:
        found.append(lacking(view, member.missing))
    if view.is_closed and not member.is_owner:
        found.append(_("Rummet er lukket, så adgangen hviler."))
    return found


def _role(names: list[str]) -> str:
    return str(_n("Forælder", "Forældre", len(names)))


def _parents(view: RoomView, names: list[str], *, gets_in: bool) -> Standing:
    if gets_in:
        why = _("Ejeren har åbnet for forældre, og samtykket dækker dem.")
    else:
        why = " ".join(_against_parents(view)) or _("Kontoen er lukket.")
    until = view.parents_until if gets_in else None
    return Standing(listed(names), _role(names), gets_in, view.parent_access, why, until, people=len(names))


def _against_parents(view: RoomView) -> list[str]:
    if view.today >= view.parents_access_ends:
        return [_("Den unge er fyldt 18.")]
    found = []
    if view.parent_access == "none":
        found.append(_("Ejeren har ikke åbnet filerne for forældre."))
    if view.parents_missing:
        found.append(lacking(view, view.parents_missing))
    if view.is_closed:
        found.append(_("Rummet er lukket, så adgangen hviler."))
    return found
