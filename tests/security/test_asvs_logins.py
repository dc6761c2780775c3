"""Logins and their tokens as OWASP ASVS 5.0 V6, V7, V9 and V10 ask for them, where no other test says it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from joserfc import jwt
from sqlalchemy import select

from auth import passkeys, recovery
from auth.oidc import PROFILES, Assurance, CitizenIdentity, Refusal, Refused
from auth.policy import StaffActor
from auth.standin.signing import new_key
from samrum.models import Passkey, RecoveryCode
from samrum.services import citizen_login
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import SYSTEM
from support.logins import give_password, is_logged_in
from support.passkeys import log_in_with, make_passkey
from support.route_world import RouteWorld
from support.standin import Citizen, Standin, running_standin
from support.world import YOUTH_CPR, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


SITE = passkeys.Site("localhost", "http://localhost")
CHALLENGE = passkeys.new_challenge()
OPTIONS = passkeys.registration_options(SITE, CHALLENGE, user_id=b"x" * 16, account="x", name="x", known=[])


def test_who_is_closed_out_by_a_stranger_s_guesses_gets_in_with_a_passkey_and_stays_in(
    world: World, birgit: StaffActor
) -> None:
    running = world.client(birgit)
    device = make_passkey(running)
    for number in range(9):
        answer = give_password(world.client(), password=f"gæt {number}")
    assert answer.status_code == 429
    assert is_logged_in(running)
    assert log_in_with(world, device) == 303


def test_a_public_key_put_into_the_database_by_hand_opens_nothing(world: World, birgit: StaffActor) -> None:
    """Whether it is copied from one's own row or written down anew."""
    device = make_passkey(world.client(birgit))
    carl = world.staff("Carl", "UU")
    attackers = make_passkey(world.client(carl))
    assert log_in_with(world, device) == 303
    device.key = attackers.key
    made_here = passkeys.verify_registration(SITE, CHALLENGE, attackers.create(OPTIONS)).public_key
    with world.platform.database.transaction() as session:
        copied = session.scalars(select(Passkey.public_key).where(Passkey.staff_id == carl.id)).one()
    for key in (copied, made_here):
        with world.platform.database.transaction() as session:
            session.scalars(select(Passkey).where(Passkey.staff_id == birgit.id)).one().public_key = key
        assert log_in_with(world, device) == 422


def test_a_recovery_code_put_into_the_database_by_hand_opens_nothing(world: World, birgit: StaffActor) -> None:
    """Whether it is somebody else's row or a hash made anew: both lack what it is sealed for."""
    carl = world.staff("Carl", "UU")
    codes = re.findall(r"<code>([^<]+)</code>", world.client(carl).post("/login/mine/codes").text)
    with world.platform.database.transaction() as session:
        theirs = session.scalars(select(RecoveryCode).where(RecoveryCode.staff_id == carl.id)).all()
        sealed = {row.selector: row.sealed_hash for row in theirs}
        made_up = recovery.hashed(recovery.Code("AA", "AAAAAAAAAA")).encode()
        for selector, stored in (sealed | {"AA": world.platform.fields.seal("totp", made_up)}).items():
            session.add(RecoveryCode(staff_id=birgit.id, selector=selector, sealed_hash=stored))
    for code in (*codes, "AAAA-AAAA-AAAA"):
        browser = world.client()
        half = give_password(browser)
        assert browser.post(half.location, {"code": code}).status_code == 422
        world.clock.move(minutes=16)
    browser = world.client()
    half = give_password(browser, "carl@test.dk")
    assert browser.post(half.location, {"code": codes[0]}).status_code == 303


def test_a_passkey_s_challenge_has_256_random_bits() -> None:
    challenges = {passkeys.new_challenge() for _ in range(500)}
    assert len(challenges) == 500
    assert {len(challenge) for challenge in challenges} == {32}


def test_a_login_s_token_has_256_random_bits(world: World, birgit: StaffActor) -> None:
    tokens = set()
    for _ in range(50):
        cookie = world.client(birgit).client.get_cookie("samrum-login")
        assert cookie is not None
        assert re.fullmatch(r"[\w-]{43}", cookie.value)
        tokens.add(cookie.value)
    assert len(tokens) == 50


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouteWorld]:
    with RouteWorld(tmp_path_factory.mktemp("routes")) as found:
        yield found


@pytest.mark.parametrize("kind", ["owner", "administrator", "auditor", "youth", "parent"])
def test_every_page_of_somebody_logged_in_has_a_way_out(routes: RouteWorld, kind: str) -> None:
    """Every address there is, so that a new page is looked at too; pages that are shown, and those that say why not."""
    pages = 0
    for endpoint, method in routes.addresses():
        if method != "GET" or endpoint == "static":
            continue
        answer = routes.ask(kind, endpoint, "GET")
        if answer.mimetype == "text/html" and answer.status_code in (200, 403, 404):
            pages += 1
            assert re.search(r'<form method="post" action="/login/out">.*?log-off', answer.text), endpoint
    assert pages > 30


def identity(issuer: str, subject: str, cpr: str | None) -> CitizenIdentity:
    return CitizenIdentity(issuer, subject, cpr, Assurance.SUBSTANTIAL, None, None, "id token", None)


def test_the_same_subject_at_another_broker_is_somebody_else(world: World, birgit: StaffActor) -> None:
    world.case(birgit)
    known = identity("https://broker.example", "subject-1", YOUTH_CPR)
    with world.platform.act(SYSTEM) as act:
        found = citizen_login._registered(world.platform, act, known)
    with world.platform.act(SYSTEM) as act:
        again = citizen_login._registered(world.platform, act, replace(known, cpr=None))
        assert again.id == found.id
    with pytest.raises(LoginRefused) as refused, world.platform.act(SYSTEM) as act:
        citizen_login._registered(world.platform, act, identity("https://other.example", "subject-1", None))
    assert refused.value.problem is LoginProblem.UNKNOWN_CITIZEN


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with running_standin(tmp_path_factory.mktemp("standin")) as running:
        yield running


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u"])
def test_a_token_s_own_word_for_where_its_key_lies_is_not_followed(
    standin: Standin, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    forger = new_key("RS256", standin.broker.keys.current.kid)
    value = forger.as_dict(private=False) if header == "jwk" else f"{standin.url}/keys-of-somebody-else"

    def forged(claims: dict[str, object], *_: object, **__: object) -> str:
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": forger.kid, header: value}, claims, forger)

    party = standin.relying_party()
    url, attempt = party.begin()
    query = Citizen().log_in(url)
    monkeypatch.setattr(standin.broker.keys, "sign", forged)
    with pytest.raises(Refused) as refused:
        party.finish(attempt, query)
    assert refused.value.code in (Refusal.SIGNATURE_INVALID, Refusal.TOKEN_MALFORMED)


def test_no_profile_asks_a_broker_to_remember_the_citizen_or_to_go_on_without_them() -> None:
    for profile in PROFILES.values():
        assert "offline_access" not in profile.scopes
        assert "token" not in str(profile.parameters.get("response_type", ""))
