"""A forgotten password: a code by mail, which leaves the second factor as it is."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form
from wtforms.validators import InputRequired, Length

from samrum.mail import MailUnavailable
from samrum.services import invitations
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.words import LOGIN_PROBLEMS


class ForgotForm(Form):
    email = EmailField(_l("E-mail på arbejdet"), [InputRequired(_l("Skriv din e-mail")), Length(max=254)])


@blueprint.route("/forgot", methods=["GET", "POST"])
@open_to(Audience.EVERYBODY)
def forgot() -> ResponseReturnValue:
    """Ask for a code. The answer is the same whether there is such an account or not."""
    if not invitations.go_by_mail(platform()):
        abort(404)
    form = ForgotForm(request.form)
    status = 422
    if request.method == "POST" and form.validate():
        try:
            invitations.ask_for_reset(platform(), caller(), form.email.data or "")
        except LoginRefused as refused:
            form.email.errors = [LOGIN_PROBLEMS[refused.problem.value]]
            status = 429 if refused.problem is LoginProblem.TOO_MANY else 422
        except MailUnavailable:
            form.form_errors.append(_("Vi kan ikke sende mails lige nu. Der er ikke sket noget. Prøv igen om lidt."))
            status = 503
        else:
            return render_template("login/forgot_sent.html")
    return render_template("login/forgot.html", form=form), status if form.errors else 200
