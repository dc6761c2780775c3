"""Spot checks: draw a sample, look it through, mark what has been seen to."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from samrum.services import audit_review
from samrum.services.audit_review import MOST, Draw
from samrum.services.audit_search import Search
from samrum.web import once
from samrum.web.audit import blueprint
from samrum.web.audit.labels import EVENTS, PEOPLE, label
from samrum.web.audit.search import address_of, wanted_here
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.given import row_number
from samrum.web.rooms.forms import DayField, is_sent, one_line, status, typed


class SampleForm(Form):
    count = IntegerField(
        _l("Hvor mange"),
        [InputRequired(_l("Skriv et tal")), NumberRange(1, MOST, _l("Skriv et tal fra 1 til %(max)s"))],
        default=10,
    )
    first = DayField(_l("Fra og med"), [Optional()])
    last = DayField(_l("Til og med"), [Optional()])

    def validate_last(self, field: DayField) -> None:
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError(_("Den sidste dag er før den første. Vælg en senere dag."))


@blueprint.route("/sample", methods=["GET", "POST"])
@open_to(Audience.AUDITOR)
def sample() -> ResponseReturnValue:
    """The address holds the draw, so that the same rows are there tomorrow."""
    form = SampleForm(typed())
    if is_sent(form):
        within = Search(first=form.first.data, last=form.last.data)
        draw = audit_review.new_draw(platform(), caller(), form.count.data or 0, within)
        return redirect(url_for("audit.sample", **_address_of(draw)), 303)
    draw_here = _draw_here() if request.method == "GET" else None
    checked = audit_review.sample(platform(), caller(), draw_here) if draw_here else None
    here = _address_of(draw_here) if draw_here else {}
    if draw_here:
        within = draw_here.within
        form = SampleForm(data={"count": draw_here.count, "first": within.first, "last": within.last})
    page = render_template(
        "audit/sample.html", form=form, checked=checked, here=here, EVENTS=EVENTS, PEOPLE=PEOPLE, label=label
    )
    return page, status(form)


@blueprint.post("/sample/<int(max=9223372036854775807):sequence>")
@open_to(Audience.AUDITOR)
def review(sequence: int) -> ResponseReturnValue:
    """Mark a row of the sample in the address as seen to."""
    draw = _draw_here()
    if draw is None:
        abort(404)
    with once.only_once():
        audit_review.mark(platform(), caller(), sequence, one_line(request.form.get("remark")))
    return redirect(url_for("audit.sample", **_address_of(draw), _anchor=f"row-{sequence}"), 303)


def _draw_here() -> Draw | None:
    """The draw in the address; None where there is none."""
    seed, upto, count = (request.args.get(name, type=row_number) for name in ("seed", "upto", "count"))
    if seed is None or upto is None or count is None or not 1 <= count <= MOST:
        return None
    asked = wanted_here()
    return Draw(seed, upto, count, Search(first=asked.first, last=asked.last))


def _address_of(draw: Draw) -> dict[str, Any]:
    return {"seed": str(draw.seed), "upto": str(draw.upto), "count": str(draw.count), **address_of(draw.within)}
