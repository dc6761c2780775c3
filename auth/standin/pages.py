"""The pages people see: pick a test person, cancel, log out, and the codes of the demo staff."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from auth import totp
from auth.oidc.profiles import PROFILES
from auth.standin import people
from auth.standin.broker import COPENHAGEN
from auth.standin.claims import Login
from auth.standin.endpoints import broker
from auth.standin.misbehaviour import Misbehaviour
from auth.standin.reference import shown_reference

SESSION_COOKIE = "standin_session"
PUSHED = "urn:ietf:params:oauth:request_uri:"

blueprint = Blueprint("pages", __name__, static_folder="static", static_url_path="/static", template_folder="templates")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """What this is."""
    return render_template("standin/index.html", codes=bool(people.load(broker().settings.people_file)[1]))


@blueprint.get("/connect/authorize")
def authorize() -> ResponseReturnValue:
    """The authorisation endpoint (OpenID Connect Core 1.0 section 3.1.2)."""
    held = broker()
    parameters = _asked()
    held.control.last_request = parameters
    if problem := _problem(parameters):
        return _back(parameters, {"error": problem})
    if held.control.next_error:
        error, description = held.control.next_error
        held.control.next_error = None
        return _back(parameters, {"error": error, **({"error_description": description} if description else {})})
    running = held.session(request.cookies.get(SESSION_COOKIE))
    fresh = "login" in parameters.get("prompt", "").split() and not held.does(Misbehaviour.IGNORES_PROMPT)
    if running and not fresh:
        return _answer(parameters, running)
    if "none" in parameters.get("prompt", "").split():
        return _back(parameters, {"error": "login_required"})
    today = held.clock.now().astimezone(COPENHAGEN).date()
    return render_template(
        "standin/choose.html",
        client=held.settings.client_name,
        reference=shown_reference(PROFILES[held.settings.profile], parameters),
        name=held.keep_request(parameters),
        people=[(person, person.age(today)) for person in held.people()],
    )


@blueprint.post("/connect/authorize")
def choose() -> ResponseReturnValue:
    """A test person was picked, or cancel was."""
    held = broker()
    parameters = held.request(request.form.get("request", ""), spend=True)
    if parameters is None:
        return render_template(
            "standin/message.html", title="Siden er for gammel", text="Gå tilbage, og prøv igen."
        ), 400
    if "cancel" in request.form:
        error, description = PROFILES[held.settings.profile].cancelled[0]
        return _back(parameters, {"error": error, **({"error_description": description} if description else {})})
    person = held.person(request.form.get("person", ""))
    if person is None:
        abort(400)
    held.log_out(request.cookies.get(SESSION_COOKIE))
    name, login = held.log_in(person)
    response = _answer(parameters, login)
    response.set_cookie(
        SESSION_COOKIE, name, httponly=True, samesite="Lax", secure=held.settings.issuer.startswith("https:")
    )
    return response


@blueprint.route("/connect/endsession", methods=["GET", "POST"])
def end_session() -> ResponseReturnValue:
    """RP-Initiated Logout 1.0; like the real broker it returns nobody without the ID token as a hint."""
    held = broker()
    ended = held.log_out(request.cookies.get(SESSION_COOKIE))
    if ended:
        held.tell_client([ended])
    address = request.values.get("post_logout_redirect_uri", "")
    hinted = (
        held.is_our_token(request.values.get("id_token_hint", "")) or not PROFILES[held.settings.profile].logout_hint
    )
    if hinted and address in held.settings.post_logout_redirect_uris:
        state = request.values.get("state")
        response = redirect(address + ("?" + urlencode({"state": state}) if state else ""))
    else:
        page = render_template("standin/message.html", title="Du er logget ud", text="Du kan lukke vinduet.")
        response = make_response(page)
    response.delete_cookie(SESSION_COOKIE)
    return response


@blueprint.get("/koder")
def codes() -> ResponseReturnValue:
    """The codes an authenticator app would show for the demo staff, who have none."""
    held = broker()
    staff = people.load(held.settings.people_file)[1]
    if not staff:
        abort(404)
    now = held.clock.now()
    step = timedelta(seconds=totp.STEP_SECONDS)
    ends = now + step - timedelta(seconds=now.timestamp() % totp.STEP_SECONDS)
    rows = [
        (member, totp.code_at(member.totp_secret, now), totp.code_at(member.totp_secret, now + step))
        for member in staff
    ]
    return render_template("standin/codes.html", rows=rows, until=ends.astimezone(COPENHAGEN))


def _asked() -> Mapping[str, str]:
    held = broker()
    parameters: Mapping[str, str] = request.args.to_dict()
    pushed = request.args.get("request_uri")
    if pushed is not None:
        kept = held.request(pushed.removeprefix(PUSHED))
        if kept is None or parameters.get("client_id") != held.settings.client_id:
            abort(400)
        parameters = kept
    known = parameters.get("client_id") == held.settings.client_id
    if not known or parameters.get("redirect_uri") not in held.settings.redirect_uris:
        abort(400)
    if pushed is None and held.settings.require_pushed_requests:
        abort(400)
    return parameters


def _problem(parameters: Mapping[str, str]) -> str | None:
    if parameters.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in parameters.get("scope", "").split():
        return "invalid_scope"
    if parameters.get("code_challenge_method") != "S256" or len(parameters.get("code_challenge", "")) != 43:
        return "invalid_request"
    return None


def _answer(parameters: Mapping[str, str], login: Login) -> Response:
    held = broker()
    if held.does(Misbehaviour.RESPONSE_WITHOUT_CODE):
        return _back(parameters, {})
    return _back(parameters, {"code": held.new_code(parameters, login)})


def _back(parameters: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    held = broker()
    query = {**answer, "iss": held.settings.issuer}
    if "state" in parameters:
        query["state"] = parameters["state"]
    if held.does(Misbehaviour.RESPONSE_OTHER_ISSUER):
        query["iss"] = "https://broker.example"
    if held.does(Misbehaviour.RESPONSE_WITHOUT_ISSUER):
        del query["iss"]
    if held.does(Misbehaviour.RESPONSE_OTHER_STATE):
        query["state"] = "another state"
    if held.does(Misbehaviour.RESPONSE_WITHOUT_STATE):
        query.pop("state", None)
    return redirect(parameters["redirect_uri"] + "?" + urlencode(query))
