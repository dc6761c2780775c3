"""The main job from beginning to end, as the people around one young person meet it in their browsers."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import boto3
import docx
import pytest
from playwright.sync_api import Browser, Page, expect

from samrum.demo.municipality import test_cpr as demo_cpr
from samrum.demo.weed import EmbeddedS3
from support.actors import log_in_citizen, log_in_staff, new_person
from support.live import LiveDemo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SECRET_WORDS = "Nora vil gerne begynde som tømrerlærling hos Ågård"
FILE_NAME = "Mål- og aftaleskema – Nora Æbelø.docx"
YOUTH, MOTHER, FATHER = "Nora Æbelø", "Grete Æbelø", "Hans Æbelø"


def goal_plan(*goals: str) -> bytes:
    """A real DOCX file, made by a word processor's library."""
    document = docx.Document()
    document.add_heading("Mål- og aftaleskema", 0)
    for goal in goals:
        document.add_paragraph(goal)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


class Story:
    """The people of the story, each with a browser of their own, and the room they share."""

    def __init__(self, demo: LiveDemo, chromium: Browser) -> None:
        self.demo = demo
        self.birthday = self.today + timedelta(days=30)
        born = date(self.birthday.year - 18, self.birthday.month, self.birthday.day)
        self.cpr = {
            "nora": demo_cpr(born, 4311),
            "grete": demo_cpr(date(1982, 5, 6), 911),
            "hans": demo_cpr(date(1980, 7, 8), 912),
        }
        self.register_at_mitid({"nora": YOUTH, "grete": MOTHER, "hans": FATHER})
        self.creator = new_person(chromium).new_page()
        self.counsellor = new_person(chromium).new_page()
        self.job_centre = new_person(chromium).new_page()
        self.youth = new_person(chromium, phone=True).new_page()
        self.mother = new_person(chromium, phone=True).new_page()
        self.father = new_person(chromium).new_page()
        self.room = ""

    @property
    def today(self) -> date:
        return self.demo.now().astimezone(COPENHAGEN).date()

    def register_at_mitid(self, names: dict[str, str]) -> None:
        """Let the stand-in for MitID know the people of this story too."""
        path = self.demo.var / "people.json"
        content = json.loads(path.read_text())
        for key, name in names.items():
            digits = self.cpr[key]
            birth = f"{'20' if digits[6] == '4' else '19'}{digits[4:6]}-{digits[2:4]}-{int(digits[:2]) - 60:02}"
            content["people"].append({"id": key, "name": name, "cpr": digits, "birth_date": birth})
        path.write_text(json.dumps(content))

    def consent(self, page: Page, person: str) -> None:
        """Log in, say yes to everybody, and confirm with a fresh login."""
        log_in_citizen(page, self.demo, person)
        page.goto(self.room)
        page.get_by_role("link", name="Giv samtykke").first.click()
        for box in page.locator("input[name=recipients]").all():
            box.check(force=True)
        page.locator("input[name=kinds]").first.check(force=True)
        page.get_by_role("button", name="Giv samtykke med MitID").click()
        page.locator(f"button[name=person][value='{person}']").click()
        expect(page.get_by_text("Dit samtykke er givet")).to_be_visible()

    def set_clock(self, moment: datetime) -> None:
        self.demo.move_clock(int((moment - datetime.now(UTC)).total_seconds()))


@pytest.fixture
def story(demo: LiveDemo, chromium: Browser) -> Iterator[Story]:
    yield Story(demo, chromium)
    demo.move_clock(0)


def download(page: Page, name: str) -> bytes:
    """Press the first download button and return what arrives, under the name it is given."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Hent", exact=False).first.click()
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


def test_a_room_from_its_creation_to_the_last_withdrawal(story: Story) -> None:
    create_the_room(story)
    grants_give_nothing_before_the_consents(story)
    everybody_consents(story)
    first, second = goal_plan(SECRET_WORDS), goal_plan(SECRET_WORDS, "Besøg på FGU i uge 6")
    the_counsellor_uploads(story, first)
    the_job_centre_reads_and_may_not_write(story, first)
    the_youth_answers_from_a_phone(story, first, second)
    a_parent_reads(story, second)
    the_parents_are_out_on_the_18th_birthday(story)
    a_revoked_grant_bites_at_the_next_click(story)
    a_withdrawn_consent_bites_at_the_next_click(story)
    nothing_readable_lies_in_the_store_or_the_database(story, [first, second])


def create_the_room(story: Story) -> None:
    page = story.creator
    log_in_staff(page, story.demo, "birgit@solby.example")
    page.goto(f"{story.demo.base_url}/rooms/new")
    page.locator("[name=youth_name]").fill(YOUTH)
    page.locator("[name=cpr]").first.fill(story.cpr["nora"])
    page.locator("[name=coordinator]").fill("Birgit Madsen")
    page.locator("[name=placement]").select_option("residential_home")
    page.locator("[name=trusted_adult]").fill("Faster Åse")
    for number, (key, name) in enumerate((("grete", MOTHER), ("hans", FATHER)), 1):
        page.locator(f"[name=parent_{number}-name]").fill(name)
        page.locator(f"[name=parent_{number}-cpr]").fill(story.cpr[key])
        page.locator(f"[name=parent_{number}-custody_holder]").check(force=True)
    page.locator("[name=youth_access][value=write]").check(force=True)
    page.locator("[name=parent_access][value=read]").check(force=True)
    page.get_by_role("button", name="Opret rummet").click()
    expect(page.get_by_role("heading", name=YOUTH)).to_be_visible()
    story.room = page.url
    for email, level in (("ulla@solby.example", "write"), ("jorgen@solby.example", "read")):
        page.goto(f"{story.room}/access")
        page.locator("[name=email]").fill(email)
        page.locator(f"[name=level][value={level}]").check(force=True)
        page.get_by_role("button", name="Giv adgang").click()
        expect(page.locator("main")).to_contain_text("Ulla Friis")


def grants_give_nothing_before_the_consents(story: Story) -> None:
    page = story.counsellor
    log_in_staff(page, story.demo, "ulla@solby.example")
    page.goto(f"{story.demo.base_url}/rooms")
    expect(page.locator("main")).not_to_contain_text(YOUTH)
    answer = page.goto(story.room)
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("mangler et samtykke fra den unge")
    expect(page.locator("main")).not_to_contain_text("Nora")


def everybody_consents(story: Story) -> None:
    story.consent(story.youth, "nora")
    story.consent(story.mother, "grete")
    story.counsellor.goto(story.room)
    expect(story.counsellor.locator("main")).to_contain_text("mangler samtykke fra en forældremyndighedsindehaver")
    story.consent(story.father, "hans")
    story.counsellor.goto(story.room)
    expect(story.counsellor.get_by_role("heading", name=YOUTH)).to_be_visible()


def the_counsellor_uploads(story: Story, content: bytes) -> None:
    page = story.counsellor
    page.get_by_role("link", name="Læg en fil op").first.click()
    page.locator("[name=kind]").select_option("goal_plan")
    page.locator("[name=comment]").fill("Første udkast")
    page.locator("[name=file]").set_input_files(
        {"name": FILE_NAME, "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name="Læg filen op").click()
    expect(page.get_by_text(FILE_NAME).first).to_be_visible()


def the_job_centre_reads_and_may_not_write(story: Story, content: bytes) -> None:
    page = story.job_centre
    log_in_staff(page, story.demo, "jorgen@solby.example")
    page.goto(story.room)
    assert download(page, FILE_NAME) == content
    expect(page.get_by_role("link", name="Læg en fil op")).to_have_count(0)
    answer = page.goto(f"{story.room}/files/new")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("Du må læse filerne, men ikke lægge noget op")


def the_youth_answers_from_a_phone(story: Story, first: bytes, second: bytes) -> None:
    page = story.youth
    page.goto(story.room)
    assert download(page, FILE_NAME) == first
    page.get_by_role("link", name=FILE_NAME).first.click()
    page.get_by_role("link", name="Læg en ny version op").click()
    page.locator("[name=comment]").fill("Jeg vil også besøge FGU")
    page.locator("[name=file]").set_input_files(
        {"name": FILE_NAME, "mimeType": "application/octet-stream", "buffer": second}
    )
    page.get_by_role("button", name="Læg den nye version op").click()
    expect(page.get_by_text("Jeg vil også besøge FGU")).to_be_visible()
    expect(page.get_by_text("Første udkast")).to_be_visible()


def a_parent_reads(story: Story, content: bytes) -> None:
    page = story.mother
    page.goto(story.room)
    assert download(page, FILE_NAME) == content
    expect(page.get_by_role("link", name="Læg en fil op")).to_have_count(0)


def the_parents_are_out_on_the_18th_birthday(story: Story) -> None:
    midnight = datetime.combine(story.birthday, time(), COPENHAGEN)
    story.set_clock(midnight - timedelta(minutes=5))
    log_in_citizen(story.mother, story.demo, "grete")
    story.mother.goto(story.room)
    expect(story.mother.get_by_role("link", name=FILE_NAME).first).to_be_visible()
    log_in_citizen(story.youth, story.demo, "nora")
    story.set_clock(midnight + timedelta(minutes=1))
    with story.mother.expect_navigation() as answer:
        story.mother.get_by_role("link", name=FILE_NAME).first.click()
    assert answer.value is not None
    assert answer.value.status == 404
    expect(story.mother.locator("main")).not_to_contain_text("Nora")
    story.youth.goto(story.room)
    expect(story.youth.get_by_role("link", name=FILE_NAME).first).to_be_visible()


def a_revoked_grant_bites_at_the_next_click(story: Story) -> None:
    log_in_staff(story.counsellor, story.demo, "ulla@solby.example")
    story.counsellor.goto(story.room)
    log_in_staff(story.creator, story.demo, "birgit@solby.example")
    story.creator.goto(f"{story.room}/access")
    story.creator.locator("li", has_text="Ulla Friis").get_by_role("button", name="Fjern adgang").click()
    confirm = story.creator.get_by_role("button", name="Fjern adgang")
    expect(confirm.or_(story.creator.get_by_text("Ulla Friis")).first).to_be_visible()
    if "/revoke" in story.creator.url:
        confirm.click()
    expect(story.creator.locator(".entry-list")).not_to_contain_text("Ulla Friis")
    with story.counsellor.expect_navigation() as answer:
        story.counsellor.get_by_role("link", name=FILE_NAME).first.click()
    assert answer.value is not None
    assert answer.value.status == 404


def a_withdrawn_consent_bites_at_the_next_click(story: Story) -> None:
    log_in_staff(story.job_centre, story.demo, "jorgen@solby.example")
    story.job_centre.goto(story.room)
    story.youth.goto(story.room)
    story.youth.get_by_role("link", name="Træk tilbage").first.click()
    story.youth.get_by_role("button", name="Træk samtykket tilbage").click()
    expect(story.youth.get_by_role("heading", level=1)).to_be_visible()
    with story.job_centre.expect_navigation() as answer:
        story.job_centre.get_by_role("link", name=FILE_NAME).first.click()
    assert answer.value is not None
    assert answer.value.status == 403
    expect(story.job_centre.locator("main")).to_contain_text("trukket tilbage")
    expect(story.job_centre.locator("main")).not_to_contain_text("Nora")


def nothing_readable_lies_in_the_store_or_the_database(story: Story, files: list[bytes]) -> None:
    demo = story.demo
    demo.stop()
    secrets = json.loads((demo.var / "secrets.json").read_text())
    telling = [
        *(digits.encode() for digits in story.cpr.values()),
        *(f"{digits[:6]}-{digits[6:]}".encode() for digits in story.cpr.values()),
        SECRET_WORDS.encode(),
        FILE_NAME.encode(),
        "Første udkast".encode(),
        *(content[start : start + 64] for content in files for start in range(0, len(content) - 64, 4096)),
    ]
    with EmbeddedS3(demo.var / "s3", None, secrets["s3_access_key"], secrets["s3_secret_key"]) as server:
        store = boto3.client(
            "s3",
            endpoint_url=server.endpoint_url,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            region_name="us-east-1",
        )
        objects = [
            store.get_object(Bucket="samrum", Key=found["Key"])["Body"].read()
            for page in store.get_paginator("list_objects_v2").paginate(Bucket="samrum")
            for found in page["Contents"]
        ]
    assert len(objects) >= 2
    on_disk = [
        path.read_bytes()
        for path in demo.var.rglob("*")
        if path.is_file() and path.name not in ("people.json", "secrets.json")
    ]
    assert any(b"SQLite format 3" in content[:16] for content in on_disk)
    for content in [*objects, *on_disk]:
        assert not [word for word in telling if word in content]
