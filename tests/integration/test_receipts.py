"""The receipt of a consent, and the versions of the words that were consented to."""

import io
import shutil
from pathlib import Path

import pypdf
import pytest
from werkzeug.test import TestResponse

from auth.policy import CitizenActor, Level, StaffActor
from samrum import wording
from samrum.models import AuditRow, Consent
from samrum.queries.audit import rows_of_case
from samrum.services import cases, people, receipts, rooms, upkeep, worklist
from samrum.services.cases import MasterData
from samrum.services.documents import VersionView
from samrum.services.platform import SYSTEM, Caller
from storage import MemoryStore, Unavailable
from support.broker import Broker
from support.household import Household, words
from support.world import FATHER_CPR, MOTHER_CPR, Browser, World


@pytest.fixture
def broker(world: World) -> Broker:
    return Broker.of(world)


@pytest.fixture
def home(world: World, broker: Broker) -> Household:
    return Household.make(world)


def say_yes(home: Household, broker: Broker, browser: Browser, **changes: object) -> TestResponse:
    """Give a consent as a browser does; the answer to the way back."""
    form = {
        "recipients": [str(home.colleague.unit)],
        "kinds": ["education", "housing"],
        "purpose": "De skal hjælpe med en læreplads.",
        "until_day": "2027-05-01",
    }
    assert browser.post(f"{home.path}/consent", {**form, **changes}).status_code == 303
    return browser.get(broker.way_back)


def text_of(pdf: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def receipts_in(home: Household) -> list[VersionView]:
    view = rooms.show(home.world.platform, Caller(home.owner), home.case_id)
    return [document for document in view.documents if document.kind == "consent_form"]


def uploaded(home: Household, kept: VersionView) -> AuditRow:
    """The row of the log that says how the version came."""
    with home.world.platform.database.transaction(writes=False) as session:
        rows = rows_of_case(session, home.case_id, before=None, limit=50)
    return next(row for row in rows if row.version_id == kept.id and row.action == "version_uploaded")


def receipt_path(answer: TestResponse) -> str:
    assert answer.location.endswith("/given")
    return str(answer.location).replace("/given", "/receipt")


def test_the_confirmation_says_what_was_said_yes_to_and_offers_the_receipt(home: Household, broker: Broker) -> None:
    browser = home.world.client(home.youth)
    answer = say_yes(home, broker, browser)
    page = browser.get(answer.location)
    said = words(page.text)
    assert "Dit samtykke er givet" in said
    assert "De skal hjælpe med en læreplads." in said
    assert "Kvitteringen ligger også i rummet" in said
    assert f'href="{receipt_path(answer)}"' in page.text
    assert answer.location.replace("/given", "/withdraw") in page.text


def test_the_receipt_tells_everything_in_plain_words(home: Household, broker: Broker) -> None:
    browser = home.world.client(home.youth)
    receipt = browser.get(
        receipt_path(say_yes(home, broker, browser, recipients=[str(home.colleague.unit), "parents"]))
    )
    assert receipt.mimetype == "application/pdf"
    assert "Samtykkeerkl%C3%A6ring%202026-11-02.pdf" in receipt.headers["Content-Disposition"]
    assert receipt.headers["Cache-Control"] == "no-store"
    text = text_of(receipt.data)
    for part in (
        "Hvem har sagt ja Sofie Lind",
        "UU, Testby Kommune Forældrene",
        "Skole og uddannelse Hvor jeg bor",
        "De skal hjælpe med en læreplads.",
        "Fra den 2. november 2026 til og med den 1. maj 2027",
        "2. november 2026 kl. 12:00",
        "Med MitID, sikringsniveau Betydelig",
        "transaction-1",
        "Tekstens version 1",
        "Du er under 18, så dem, der har forældremyndigheden, skal også sige ja.",
        "Sådan trækker du dit ja tilbage",
    ):
        assert part in text
    document = pypdf.PdfReader(io.BytesIO(receipt.data))
    assert document.metadata is not None
    assert document.metadata.title == "Samtykkeerklæring"
    assert str(document.root_object["/Lang"]) == "da"


def test_a_copy_lies_sealed_in_the_room_in_the_name_of_its_giver(home: Household, broker: Broker) -> None:
    browser = home.world.client(home.mother)
    broker.cpr = MOTHER_CPR
    own = browser.get(receipt_path(say_yes(home, broker, browser))).data
    (kept,) = receipts_in(home)
    assert (kept.author, kept.name, kept.media_type) == (
        "Mette Lind",
        "Samtykkeerklæring 2026-11-02.pdf",
        "application/pdf",
    )
    owner = home.world.client(home.owner)
    assert owner.get(f"{home.path}/files/{kept.document_id}/1").data == own
    store = home.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    assert not any(b"%PDF" in sealed for sealed in store.objects.values())
    row = uploaded(home, kept)
    assert (row.actor_kind, row.actor_id) == ("citizen", home.mother.id)


def test_storage_that_fails_costs_no_consent_and_the_copy_is_made_up_for(
    home: Household, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = home.world.client(home.youth)
    with monkeypatch.context() as patch:
        patch.setattr(type(home.world.platform.vault), "upload", _down)
        answer = say_yes(home, broker, browser)
        assert "Det kan tage til i morgen" in browser.get(answer.location).text
        assert "UU, Testby Kommune" in text_of(browser.get(receipt_path(answer)).data)
        with pytest.raises(Unavailable):
            upkeep.collect_garbage(home.world.platform)
    (consent,) = rooms.show(home.world.platform, Caller(home.owner), home.case_id).consents
    assert consent.status == "in_force"
    assert receipts_in(home) == []
    home.world.clock.move(hours=14)
    assert [upkeep.collect_garbage(home.world.platform).receipts for _ in range(2)] == [1, 0]
    (kept,) = receipts_in(home)
    assert kept.author == "Sofie Lind"
    assert kept.name == "Samtykkeerklæring 2026-11-02.pdf"
    row = uploaded(home, kept)
    assert (row.actor_kind, row.actor_id, row.subject_id) == ("system", None, home.youth.id)
    assert "Kvitteringen ligger også i rummet" in words(home.world.client(home.youth).get(answer.location).text)


def _down(*_args: object, **_more: object) -> object:
    raise Unavailable("the store is down")


def test_two_who_make_the_copy_at_once_make_one(home: Household) -> None:
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    for _ in range(2):
        assert receipts.keep(home.world.platform, Caller(home.youth), home.case_id, consent_id, "da")
    assert len(receipts_in(home)) == 1


def test_a_parent_who_may_not_read_the_files_gets_the_own_receipt(world: World, broker: Broker) -> None:
    home = Household.make(world, parent_access=Level.NONE)
    broker.cpr = FATHER_CPR
    browser = world.client(home.father)
    answer = say_yes(home, broker, browser)
    assert "Hvem har sagt ja Jan Lind" in text_of(browser.get(receipt_path(answer)).data)
    (kept,) = receipts_in(home)
    assert browser.get(f"{home.path}/files/{kept.document_id}/1").status_code == 403


def test_nobody_gets_the_receipt_of_somebody_else(home: Household) -> None:
    consent_id = home.world.consent(home.mother, home.case_id, home.colleague.unit)
    others: list[StaffActor | CitizenActor] = [home.youth, home.father, home.owner, home.colleague]
    for page in ("given", "receipt"):
        path = f"{home.path}/consent/{consent_id}/{page}"
        assert home.world.client(home.mother).get(path).status_code == 200
        for person in others:
            assert home.world.client(person).get(path).status_code in (403, 404)
        assert home.world.client().get(path).status_code == 302


def test_when_the_youth_is_18_a_parent_gets_no_receipt_any_more(home: Household) -> None:
    consent_id = home.world.consent(home.mother, home.case_id, home.colleague.unit)
    home.world.clock.move(days=366)
    assert home.world.client(home.mother).get(f"{home.path}/consent/{consent_id}/receipt").status_code == 404


def test_fetching_a_receipt_is_logged(home: Household) -> None:
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    browser = home.world.client(home.youth)
    browser.get(f"{home.path}/consent/{consent_id}/receipt")
    assert "Du hentede kvitteringen for et samtykke" in browser.get(f"{home.path}/log").text


def test_names_in_every_alphabet_of_europe_are_printed(home: Household) -> None:
    data = MasterData("Łukasz Şahin Ängström", "Birgit Madsen", "home")
    cases.change_data(home.world.platform, Caller(home.owner), home.case_id, data)
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    receipt = home.world.client(home.youth).get(f"{home.path}/consent/{consent_id}/receipt")
    assert "Łukasz Şahin Ängström" in text_of(receipt.data)


def test_who_reads_english_gets_the_receipt_in_english(home: Household) -> None:
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    browser = home.world.client(home.youth)
    browser.get("/language/en?next=/")
    receipt = browser.get(f"{home.path}/consent/{consent_id}/receipt")
    assert "It is voluntary. You may leave it." in text_of(receipt.data)


@pytest.fixture
def new_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the words of today; ``release`` adds the next version."""
    folder = tmp_path / "wording"
    shutil.copytree(wording.folder, folder)
    monkeypatch.setattr(wording, "folder", folder)
    return folder


def release(folder: Path) -> int:
    version = wording.current() + 1
    for language in wording.LANGUAGES:
        text = (folder / f"1.{language}.txt").read_text(encoding="utf-8")
        text = text.replace("Det er frivilligt. Du kan lade være.", "Det er helt frivilligt.")
        text = text.replace("Skole og uddannelse", "Skole og læring")
        (folder / f"{version}.{language}.txt").write_text(text, encoding="utf-8")
    return version


def test_new_words_are_for_new_consents_and_the_old_keep_theirs(
    home: Household, broker: Broker, new_version: Path
) -> None:
    browser = home.world.client(home.youth)
    old = receipt_path(say_yes(home, broker, browser))
    before = browser.get(old).data
    newest = release(new_version)
    assert browser.get(old).data == before
    page = words(browser.get(f"{home.path}/consent").text)
    assert "Det er helt frivilligt." in page
    assert "Du kan lade være." not in page
    new = browser.get(receipt_path(say_yes(home, broker, browser))).data
    assert "Du kan lade være." in text_of(before)
    assert "Tekstens version 1 " in text_of(before)
    assert "Det er helt frivilligt." in text_of(new)
    assert f"Tekstens version {newest} " in text_of(new)
    room = words(browser.get(home.path).text)
    assert "Skole og uddannelse, Hvor jeg bor" in room
    assert "Skole og læring, Hvor jeg bor" in room
    with home.world.platform.database.transaction(writes=False) as session:
        assert sorted(row.wording_version for row in session.query(Consent)) == [1, newest]


def test_who_has_read_the_old_words_is_asked_to_read_the_new(
    home: Household, broker: Broker, new_version: Path
) -> None:
    browser = home.world.client(home.youth)
    form = {
        "recipients": [str(home.colleague.unit)],
        "kinds": ["education"],
        "purpose": "De skal hjælpe mig.",
        "until_day": "2027-05-01",
        "wording": "1",
    }
    release(new_version)
    answer = browser.post(f"{home.path}/consent", form)
    assert answer.status_code == 422
    assert "Teksten er blevet ændret" in words(answer.text)
    assert "Det er helt frivilligt." in words(answer.text)
    assert broker.begun == []


def test_who_is_at_the_broker_when_the_words_change_has_consented_to_those_that_were_read(
    home: Household, broker: Broker, new_version: Path
) -> None:
    browser = home.world.client(home.youth)
    form = {
        "recipients": [str(home.colleague.unit)],
        "kinds": ["education"],
        "purpose": "De skal hjælpe mig.",
        "until_day": "2027-05-01",
    }
    assert browser.post(f"{home.path}/consent", form).status_code == 303
    release(new_version)
    receipt = browser.get(receipt_path(browser.get(broker.way_back)))
    assert "Tekstens version 1 " in text_of(receipt.data)


def test_receipts_and_the_worklist_work_on_postgresql_too(tmp_path: Path, postgres_database: str) -> None:
    world = World.make(tmp_path, database_url=postgres_database)
    home = Household.make(world)
    home.everybody_consents(days=20)
    protected = MasterData("Sofie Lind", "Birgit Madsen", "home", protected_address=True)
    cases.change_data(world.platform, Caller(home.owner), home.case_id, protected)
    assert receipts.keep_missing(world.platform) == 3
    assert {document.author for document in receipts_in(home)} == {"Sofie Lind", "Mette Lind", "Jan Lind"}
    assert "Intern afdeling 1" in home.world.client(home.mother).get(f"{home.path}/consent").text
    assert len(worklist.worklist(world.platform, Caller(home.owner)).running_out) == 3
    administrator = world.staff("Anna", "It", administrator=True)
    people.deactivate_staff(world.platform, SYSTEM, home.owner.id)
    assert worklist.worklist(world.platform, Caller(administrator)).ownerless_count == 1
    world.platform.database.engine.dispose()
