"""Units that are shown without their names, in words."""

from flask_babel import gettext as _

from samrum.services.naming import Kind, Neutral, Shown


def named(shown: Shown) -> str:
    """A name as it is, or what stands in its place."""
    if not isinstance(shown, Neutral):
        return shown
    kind = _("Intern afdeling") if shown.kind is Kind.INTERNAL else _("Ekstern samarbejdspartner")
    return str(kind) if shown.number is None else f"{kind} {shown.number}"
