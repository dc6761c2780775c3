"""Recording a consent on paper with its scan."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from auth.policy import StaffActor
from samrum.cpr import Cpr
from samrum.models import Consent
from samrum.services import rooms
from samrum.services.cases import NewParent
from samrum.services.platform import Caller
from support.papers import Papers
from support.uploads import Parcel, pdf
from support.world import MOTHER_CPR, NOON, YOUTH_CPR, World

TODAY = NOON.date()


@pytest.fixture
def papers(world: World) -> Papers:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    mother = NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True)
    father = NewParent("Jan Lind", None, True)  # never logs in: paper is the only way
    found = Papers(world, owner, world.case(owner, parents=(mother, father)))
    world.staff("Ulla", "UU")
    world.grant(owner, found.case_id, "ulla@test.dk")
    return found


def _father(papers: Papers) -> UUID:
    view = rooms.show(papers.world.platform, Caller(papers.owner), papers.case_id)
    return next(parent.citizen_id for parent in view.parents if parent.name == "Jan Lind")


def _uu(papers: Papers) -> UUID:
    view = rooms.show(papers.world.platform, Caller(papers.owner), papers.case_id)
    return view.choice.units[0][0]


def _send(
    papers: Papers, signer: UUID, content: bytes | None = None, *, by: StaffActor | None = None, **fields: Any
) -> TestResponse:
    page = f"{papers.url}/paper-consent"
    typed = {
        "once": papers.browser().token(page),
        "giver": signer,
        "recipients": _uu(papers),
        "kinds": "education",
        "purpose": "Hjælp til skole og job",
        "from_day": TODAY.isoformat(),
        "until_day": (TODAY + timedelta(days=200)).isoformat(),
        **fields,
    }
    scan = Parcel(typed, "Samtykke underskrevet.pdf", pdf() if content is None else content)
    return papers.post(page, scan, by=by)


def _consents(papers: Papers) -> list[Consent]:
    with papers.world.platform.database.transaction() as session:
        return list(session.query(Consent).order_by(Consent.given_at))


def _reason(papers: Papers, person: StaffActor) -> str:
    return rooms.my_rooms(papers.world.platform, Caller(person))[0].reason.value


def test_a_paper_of_a_parent_who_never_logs_in_counts_as_a_consent(papers: Papers) -> None:
    youth, mother = papers.youth, papers.world.citizen(MOTHER_CPR)
    counsellor = papers.world.staff("Ursula", "UU")
    papers.world.grant(papers.owner, papers.case_id, "ursula@test.dk")
    papers.world.consent(youth, papers.case_id, counsellor.unit)
    papers.world.consent(mother, papers.case_id, counsellor.unit)
    assert _reason(papers, counsellor) == "custody_consent_missing"
    answer = _send(papers, _father(papers))
    assert (answer.status_code, answer.location) == (303, papers.url)
    assert _reason(papers, counsellor) == "granted"
    papers.world.clock.move(days=201)
    assert _reason(papers, counsellor) == "custody_consent_missing"


def test_the_scan_lies_in_the_room_as_a_consent_form_and_belongs_to_the_consent(papers: Papers) -> None:
    scan = pdf(30_000, b"signed ")
    _send(papers, papers.youth.id, scan)
    (version,) = papers.versions()
    (consent,) = _consents(papers)
    assert (consent.method, consent.scan_id, consent.recorded_by) == ("paper", version.id, papers.owner.id)
    assert (consent.giver_id, consent.purpose, consent.kinds) == (
        papers.youth.id,
        "Hjælp til skole og job",
        "education",
    )
    page = papers.browser().get(f"{papers.url}/files/{version.document_id}").text
    assert "Samtykkeerklæring" in page
    assert papers.browser().get(f"{papers.url}/files/{version.document_id}/1").data == scan
    assert papers.actions()[-4:-1].count("consent_given") == 1


def test_a_paper_can_begin_earlier_and_later_than_today(papers: Papers) -> None:
    early, late = TODAY - timedelta(days=10), TODAY + timedelta(days=10)
    for first in (early, late):
        assert _send(papers, papers.youth.id, from_day=first.isoformat()).status_code == 303
    assert {consent.from_day for consent in _consents(papers)} == {early, late}


def test_two_clicks_record_one_consent(papers: Papers) -> None:
    token = papers.browser().token(f"{papers.url}/paper-consent")
    answers = [_send(papers, papers.youth.id, once=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(_consents(papers)) == len(papers.versions()) == len(papers.objects()) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"giver": ""}, "Vælg, hvem der har skrevet under"),
        ({"recipients": ""}, "Vælg mindst én"),
        ({"recipients": str(UUID(int=5))}, "længere med i rummet"),
        ({"kinds": "secrets"}, "Vælg mindst én"),
        ({"purpose": "   "}, "Skriv formålet"),
        ({"purpose": "x" * 501}, "højst 500 tegn"),
        ({"until_day": (TODAY - timedelta(days=1)).isoformat()}, "slutter, før det begynder"),
        ({"from_day": (TODAY + timedelta(days=300)).isoformat()}, "slutter, før det begynder"),
        ({"until_day": (TODAY + timedelta(days=900)).isoformat()}, "højst gælde i to år"),
        ({"until_day": "2026-02-30"}, "Skriv en dato, der findes"),
        ({"from_day": ""}, "Vælg den første dag"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(papers: Papers, fields: dict[str, Any], sentence: str) -> None:
    answer = _send(papers, papers.youth.id, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "purpose" not in fields:
        assert "Hjælp til skole og job" in answer.text
    assert papers.nothing_is_there()
    assert _consents(papers) == []


def test_without_a_usable_scan_there_is_no_consent(papers: Papers) -> None:
    for content in (b"", b"MZ" + bytes(4000)):
        answer = _send(papers, papers.youth.id, content)
        assert answer.status_code == 422
        assert f'value="{papers.youth.id}" checked' in answer.text
    assert papers.nothing_is_there()
    assert _consents(papers) == []


def test_nobody_but_the_youth_and_custody_holders_can_have_signed(papers: Papers) -> None:
    assert _send(papers, papers.owner.id).status_code == 404
    assert _send(papers, papers.youth.id, giver="x").status_code in (404, 422)
    assert papers.nothing_is_there()


def test_only_the_owner_records_papers(papers: Papers) -> None:
    colleague = papers.world.staff("Hans", "Børn og Unge")
    page = f"{papers.url}/paper-consent"
    assert papers.world.client(colleague).get(page).status_code == 404
    assert papers.browser(papers.youth).get(page).status_code == 404
    assert papers.world.client(papers.world.citizen(MOTHER_CPR)).get(page).status_code == 404


def test_where_nobody_has_access_yet_the_page_says_what_comes_first(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    papers = Papers(world, owner, world.case(owner, cpr=YOUTH_CPR))
    page = papers.browser().get(f"{papers.url}/paper-consent").text
    assert "Der er ingen at give samtykke til endnu" in page
    assert "data-upload" not in page
