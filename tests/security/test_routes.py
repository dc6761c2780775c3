"""Who reaches which address: every kind of person at every address, against a table written by hand.

A new address needs a line in the table; without one the test fails. What the letters mean stands in ``ANSWERS``. The
rules are the access rules: nobody without a tie to the room is told that it is there (N), who may see the room but not
do the thing is told why not (D), and who is not logged in is sent to log in (L).
"""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from support.route_world import KINDS, RouteWorld

ANSWERS = {
    "P": "200: the page",
    "F": "422: the form again, since nothing was filled in",
    "G": "on to somewhere else, as after a form was carried out",
    "D": "403: told why not",
    "N": "404: as if it were not there",
    "L": "to log in first",
    "S": "to the second factor first",
    "A": "to a fresh second factor first",
    "B": "400: not for people",
    "U": "503: the broker of this world is down",
}

# The columns are KINDS, in three groups: not logged in (anonymous, half, deactivated); staff (owner, reader, writer,
# unheard: a grant without consents, expired, revoked, colleague of the reader, administrator, auditor); citizens (the
# youth, another youth, a parent of the minor, the parent of one who has turned 18, at that one's room).
TABLE = """
audit.as_csv                GET    L S L   N N N N N N N N P   N N N N
audit.as_json_lines         GET    L S L   N N N N N N N N P   N N N N
audit.review                POST   L S L   N N N N N N N N G   N N N N
audit.sample                GET    L S L   N N N N N N N N P   N N N N
audit.sample                POST   L S L   N N N N N N N N F   N N N N
audit.search                GET    L S L   N N N N N N N N P   N N N N
audit.search                POST   L S L   N N N N N N N N F   N N N N
consents.given              GET    L S L   N N N N N N N N N   P N P N
consents.receipt            GET    L S L   N N N N N N N N N   P N P N
files.before_moving         GET    L S L   P D P D N N N N N   P N D N
files.bring_back            POST   L S L   G D G D N N N N N   G N D N
files.download              GET    L S L   P P P D N N N N N   P N P N
files.everything            GET    L S L   P P P D N N N N N   P N P N
files.history               GET    L S L   P P P D N N N N N   P N P N
files.move_away             POST   L S L   G D G D N N N N N   G N D N
files.new_version           GET    L S L   P D P D N N N N N   P N D N
files.new_version           POST   L S L   F D F D N N N N N   F N D N
files.paper_consent         GET    L S L   P D D D N N N N N   N N N N
files.paper_consent         POST   L S L   F D D D N N N N N   N N N N
files.restore               GET    L S L   P D P D N N N N N   P N D N
files.restore_now           POST   L S L   F D F D N N N N N   F N D N
files.trash                 GET    L S L   P P P D N N N N N   P N P N
files.upload                GET    L S L   P D P D N N N N N   P N D N
files.upload                POST   L S L   F D F D N N N N N   F N D N
health.show                 GET    P P P   P P P P P P P P P   P P P P
login.again                 GET    L S L   G G G G G G G G G   N N N N
login.again                 POST   L S L   F F F F F F F F F   N N N N
login.anew                  GET    L S L   G G G G G G G G G   N N N N
login.anew                  POST   L S L   F F F F F F F F F   N N N N
login.back_channel          POST   B B B   B B B B B B B B B   B B B B
login.callback              GET    D D D   D D D D D D D D D   D D D D
login.citizen               GET    U U U   U U U U U U U U U   U U U U
login.first_passkey         GET    L S L   G G G G G G G G G   G G G G
login.first_passkey         POST   L S L   G G G G G G G G G   G G G G
login.first_passkey_options POST   L S L   G G G G G G G G G   G G G G
login.forgot                GET    N N N   N N N N N N N N N   N N N N
login.forgot                POST   N N N   N N N N N N N N N   N N N N
login.logged_out            GET    P P P   G G G G G G G G G   G G G G
login.logout                POST   G G G   G G G G G G G G G   G G G G
login.mine                  GET    L S L   P P P P P P P P P   N N N N
login.new_app               GET    L S L   P P P P P P P P P   N N N N
login.new_app               POST   L S L   F F F F F F F F F   N N N N
login.new_passkey           GET    L S L   P P P P P P P P P   N N N N
login.new_passkey           POST   L S L   F F F F F F F F F   N N N N
login.new_passkey_options   POST   L S L   P P P P P P P P P   N N N N
login.new_password          GET    L S L   P P P P P P P P P   N N N N
login.new_password          POST   L S L   F F F F F F F F F   N N N N
login.own_logins            GET    L S L   P P P P P P P P P   P P P P
login.own_logins            POST   L S L   G G G G G G G G G   G G G G
login.passkey               POST   F F F   F F F F F F F F F   F F F F
login.passkey_options       POST   P P P   P P P P P P P P P   P P P P
login.recovery_codes        GET    L S L   P P P P P P P P P   N N N N
login.recovery_codes        POST   L S L   P P P P P P P P P   N N N N
login.revoke_passkey        GET    L S L   N N N N N N N N N   N N N N
login.revoke_passkey        POST   L S L   N N N N N N N N N   N N N N
login.second_step           GET    L P L   G G G G G G G G G   G G G G
login.second_step           POST   L F L   G G G G G G G G G   G G G G
login.staff                 GET    P P P   P P P P P P P P P   P P P P
login.staff                 POST   F F F   F F F F F F F F F   F F F F
login.welcome               GET    P P P   P P P P P P P P P   P P P P
login.welcome               POST   F F F   F F F F F F F F F   F F F F
people.account              GET    L S L   N N N N N N N P N   N N N N
people.create               GET    L S L   N N N N N N N P N   N N N N
people.create               POST   L S L   N N N N N N N F N   N N N N
people.deactivate           GET    L S L   N N N N N N N P N   N N N N
people.deactivate           POST   L S L   N N N N N N N G N   N N N N
people.demand_passkeys      GET    L S L   N N N N N N N P N   N N N N
people.demand_passkeys      POST   L S L   N N N N N N N F N   N N N N
people.hand_over            GET    L S L   N N N N N N N P N   N N N N
people.hand_over            POST   L S L   N N N N N N N F N   N N N N
people.invite               GET    L S L   N N N N N N N P N   N N N N
people.invite               POST   L S L   N N N N N N N P N   N N N N
people.move                 GET    L S L   N N N N N N N P N   N N N N
people.move                 POST   L S L   N N N N N N N F N   N N N N
people.organisation         GET    L S L   N N N N N N N P N   N N N N
people.organisation         POST   L S L   N N N N N N N F N   N N N N
people.reopen               GET    L S L   N N N N N N N N N   N N N N
people.reopen               POST   L S L   N N N N N N N F N   N N N N
people.reset                GET    L S L   N N N N N N N P N   N N N N
people.reset                POST   L S L   N N N N N N N F N   N N N N
people.staff                GET    L S L   N N N N N N N P N   N N N N
public.accessibility        GET    P P P   P P P P P P P P P   P P P P
public.front                GET    P P P   G G G G G G G G G   G G G G
public.language             GET    G G G   G G G G G G G G G   G G G G
public.privacy              GET    P P P   P P P P P P P P P   P P P P
rooms.access                GET    L S L   P D D D N N N N N   N N N N
rooms.access                POST   L S L   F D D D N N N N N   N N N N
rooms.close                 GET    L S L   P D D D N N N N N   N N N N
rooms.close_now             POST   L S L   G D D D N N N N N   N N N N
rooms.create                GET    L S L   P N N N N N N N N   N N N N
rooms.create                POST   L S L   F N N N N N N N N   N N N N
rooms.data                  GET    L S L   P D D D N N N N N   N N N N
rooms.data                  POST   L S L   F D D D N N N N N   N N N N
rooms.give_consent          GET    L S L   N N N N N N N N N   P N P N
rooms.give_consent          POST   L S L   N N N N N N N N N   F N F N
rooms.hand_over             GET    L S L   P D D D N N N N N   N N N N
rooms.hand_over             POST   L S L   F D D D N N N N N   N N N N
rooms.levels                GET    L S L   P D D D N N N N N   N N N N
rooms.levels                POST   L S L   F D D D N N N N N   N N N N
rooms.log                   GET    L S L   P D D D N N N N N   P N D N
rooms.mine                  GET    L S L   P P P P P P P P P   G G G P
rooms.parent                GET    L S L   P D D D N N N N N   N N N N
rooms.parent                POST   L S L   F D D D N N N N N   N N N N
rooms.parents               GET    L S L   P D D D N N N N N   N N N N
rooms.parents               POST   L S L   F D D D N N N N N   N N N N
rooms.remove_parent         GET    L S L   P D D D N N N N N   N N N N
rooms.remove_parent_now     POST   L S L   G D D D N N N N N   N N N N
rooms.reopen                GET    L S L   P D D D N N N N N   N N N N
rooms.reopen_now            POST   L S L   G D D D N N N N N   N N N N
rooms.revoke                GET    L S L   P D D D N N N N N   N N N N
rooms.revoke_now            POST   L S L   G D D D N N N N N   N N N N
rooms.show                  GET    L S L   P P P D N N N N N   P N P N
rooms.withdraw_consent      GET    L S L   P D D D N N N N N   P N P N
rooms.withdraw_now          POST   L S L   G D D D N N N N N   G N G N
static                      GET    P P P   P P P P P P P P P   P P P P
worklist.show               GET    L S L   P P P P P P P P N   N N N N
"""


def _rows() -> dict[tuple[str, str], tuple[str, ...]]:
    lines = [line.split() for line in TABLE.strip().splitlines()]
    rows = {(endpoint, method): tuple(letters) for endpoint, method, *letters in lines}
    assert len(rows) == len(lines), "two lines for one address"
    return rows


ROWS = _rows()


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouteWorld]:
    with RouteWorld(tmp_path_factory.mktemp("routes")) as found:
        yield found


def letter(answer: TestResponse) -> str:
    location = answer.headers.get("Location", "")
    if answer.status_code == 401 or location.startswith("/?next="):
        return "L"
    if location.startswith("/login/staff/code"):
        return "S"
    if location.startswith("/login/again"):
        return "A"
    known = {200: "P", 206: "P", 422: "F", 404: "N", 403: "D", 302: "G", 303: "G", 400: "B", 503: "U"}
    return known.get(answer.status_code, str(answer.status_code))


def test_every_address_has_its_line_and_every_line_its_address(routes: RouteWorld) -> None:
    assert set(routes.addresses()) == set(ROWS)


def test_every_line_says_it_for_everybody_in_letters_that_mean_something() -> None:
    assert {len(letters) for letters in ROWS.values()} == {len(KINDS)}
    assert {letter for letters in ROWS.values() for letter in letters} <= ANSWERS.keys()


@pytest.mark.parametrize(("endpoint", "method"), ROWS)
def test_everybody_gets_the_answer_that_the_table_says(routes: RouteWorld, endpoint: str, method: str) -> None:
    found = {kind: letter(routes.ask(kind, endpoint, method)) for kind in KINDS}
    assert found == dict(zip(KINDS, ROWS[endpoint, method], strict=True))


@pytest.mark.parametrize("endpoint", [endpoint for endpoint, method in ROWS if method == "GET"])
def test_asking_for_the_head_alone_tells_nobody_more(routes: RouteWorld, endpoint: str) -> None:
    expected = dict(zip(KINDS, ROWS[endpoint, "GET"], strict=True))
    for kind in ("anonymous", "owner", "unheard", "colleague", "parent"):
        answer = routes.ask(kind, endpoint, "HEAD")
        assert (letter(answer), answer.data) == (expected[kind], b""), kind


NEWEST = 2


@pytest.mark.parametrize("trashed", [False, True], ids=["in the room", "in the trash"])
@pytest.mark.parametrize("number", [1, NEWEST])
@pytest.mark.parametrize("method", ["GET", "HEAD", "range"])
def test_every_version_is_for_those_who_may_read_however_it_is_asked_for(
    routes: RouteWorld, method: str, number: int, trashed: bool
) -> None:
    """The line of the table for a download holds of the newest version, an old one and what lies in the trash."""
    expected = dict(zip(KINDS, ROWS["files.download", "GET"], strict=True))
    headers = {"Range": "bytes=0-3"} if method == "range" else {}
    for kind in KINDS:
        document_id = routes.room_of(kind).trashed_id if trashed else routes.room_of(kind).document_id
        answer = routes.ask(
            kind,
            "files.download",
            "HEAD" if method == "HEAD" else "GET",
            headers,
            document_id=document_id,
            number=1 if trashed else number,
        )
        assert letter(answer) == expected[kind], kind
        if expected[kind] == "P":
            assert answer.status_code == (206 if method == "range" else 200), kind
        else:
            assert b"et maal" not in answer.data, kind
            assert "Content-Disposition" not in answer.headers, kind


@pytest.mark.parametrize("endpoint", ["files.history", "files.before_moving"])
def test_what_lies_in_the_trash_follows_the_document(routes: RouteWorld, endpoint: str) -> None:
    for kind, expected in zip(KINDS, ROWS[endpoint, "GET"], strict=True):
        answer = routes.ask(kind, endpoint, "GET", document_id=routes.room_of(kind).trashed_id)
        assert letter(answer) == expected, kind


@pytest.mark.parametrize(
    ("endpoint", "fields", "changes"),
    [
        ("files.restore_now", {"seen": str(NEWEST)}, "version_restored"),
        ("files.move_away", {"although_last": "1"}, "document_trashed"),
        ("files.bring_back", {}, "document_untrashed"),
    ],
)
def test_only_who_may_write_restores_moves_away_and_brings_back(
    routes: RouteWorld, endpoint: str, fields: dict[str, str], changes: str
) -> None:
    """As the table says of the bare form; here it is filled in, and what it does is looked at."""
    for kind, bare in zip(KINDS, ROWS[endpoint, "POST"], strict=True):
        room = routes.room_of(kind)
        document_id = room.trashed_id if endpoint == "files.bring_back" else room.document_id
        answer, happened = routes.send(kind, endpoint, fields, document_id=document_id)
        assert letter(answer) == bare.replace("F", "G"), kind
        assert (changes in happened) == (bare in "FG"), kind


def test_a_zip_holds_a_file_for_those_alone_who_may_read(routes: RouteWorld) -> None:
    for kind, expected in zip(KINDS, ROWS["files.everything", "GET"], strict=True):
        answer = routes.ask(kind, "files.everything", "GET")
        assert (b"et maal" in answer.data) == (expected == "P"), kind
        assert b"i papirkurven" not in answer.data, kind


MIXED = ("document_id", "grant_id", "parent_id", "consent_id")


@pytest.mark.parametrize(("endpoint", "method"), ROWS)
def test_what_belongs_to_one_room_is_not_found_through_another(routes: RouteWorld, endpoint: str, method: str) -> None:
    """The owner has both rooms; an id of the one in the address of the other leads nowhere."""
    arguments = routes.rules[endpoint, method].arguments
    for name in sorted(arguments.intersection(MIXED)):
        answer = routes.ask("owner", endpoint, method, **{name: routes.of_the_boy(name)})
        assert letter(answer) == "N", name


@pytest.mark.parametrize("kind", ["youth", "parent"])
def test_nobody_withdraws_or_reads_the_consent_of_the_other(routes: RouteWorld, kind: str) -> None:
    other = "parent" if kind == "youth" else "youth"
    theirs = routes.girl.consents[routes.people[other].id]
    for endpoint, method in ROWS:
        if "consent_id" in routes.rules[endpoint, method].arguments:
            assert letter(routes.ask(kind, endpoint, method, consent_id=theirs)) in "ND", endpoint


def test_a_room_that_is_not_there_answers_like_one_that_is_somebody_else_s(routes: RouteWorld) -> None:
    nowhere = routes.ask("colleague", "rooms.show", "GET", case_id=routes.nowhere)
    hidden = routes.ask("colleague", "rooms.show", "GET")
    assert nowhere.status_code == hidden.status_code == 404
    assert _plain(nowhere, routes.nowhere) == _plain(hidden, routes.girl.case_id)


def _plain(answer: TestResponse, case_id: UUID) -> str:
    """A page without its own address and its form tokens."""
    return re.sub(r'name="once" value="[^"]+"', "", answer.text.replace(str(case_id), ""))
