"""What a careless or hostile sender can type, name and send; each found by an attack on the service."""

from urllib.parse import unquote

import pytest
from werkzeug.http import parse_options_header

from samrum.services.errors import Invalid, Problem
from samrum.services.filetypes import Inspector
from samrum.web.files.download import content_disposition
from support.household import Household
from support.uploads import CONTENT_TYPE, Parcel, docx_with
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


@pytest.mark.parametrize(
    "name",
    [
        "plan\uff02; filename=skadelig.exe; x=\uff02.pdf",  # full-width quotation marks
        "plan\uff3c.pdf",  # a full-width backslash, which would escape what follows
        "..\uff0f..\uff0fplan.pdf",
        "100\uff05.pdf",
        "plan\uff1a\uff1c\uff1e\uff5c\uff1f\uff0a.pdf",
    ],
)
def test_a_file_name_never_breaks_out_of_its_header(name: str) -> None:
    """Compatibility forms of dangerous characters become the plain ones when a name is put into ASCII."""
    plain = content_disposition(name).partition("; filename*=")[0].removeprefix('attachment; filename="')
    assert plain.endswith('"')
    assert not set(plain[:-1]) & set('"\\/%:<>|?*')
    assert parse_options_header(content_disposition(name))[1]["filename"] == name, "the exact one, for new programs"


@pytest.mark.parametrize("before", ["9" * 5000, "9" * 20, str(2**63)])
def test_a_page_of_the_log_that_no_number_reaches_is_the_first(home: Household, before: str) -> None:
    answer = home.world.client(home.youth).get(f"{home.path}/log?before={before}")
    assert answer.status_code == 200
    assert "Birgit oprettede rummet" in answer.text


@pytest.mark.parametrize("step", [17, 100_000])
@pytest.mark.parametrize(
    "part",
    ["word/VBAPROJECT.BIN", "word/vbaproject.bin", "word/VbaProject.Bin", "word/activeX/activeX1.bin",
     "xl/macrosheets/sheet1.xml", "Scripts/python/start.py"],
)  # fmt: skip
def test_programs_in_a_document_are_found_in_whatever_letters_they_are_named(part: str, step: int) -> None:
    """Names of parts are equal whatever the case of their letters (ECMA-376 part 2, 6.2.2.3)."""
    content, inspector = docx_with(part), Inspector("plan.docx")

    def feed() -> None:
        for start in range(0, len(content), step):
            inspector.feed(content[start : start + step])

    with pytest.raises(Invalid) as refused:
        feed()
    assert refused.value.problem is Problem.FILE_HAS_MACROS


def test_the_fields_of_an_upload_are_limited_together(home: Household) -> None:
    """Each of them is small; together they would fill the memory of the process, or the drafts."""
    browser = home.world.client(home.owner)
    path = f"{home.path}/files/new"
    fields = {"once": browser.token(path), "kind": "other"} | {f"more{number}": "x" * 400_000 for number in range(5)}
    body = b"".join(Parcel(fields, "plan.txt", b"hej"))
    assert browser.client.post(path, data=body, content_type=CONTENT_TYPE).status_code == 413


@pytest.mark.parametrize(
    ("path", "field"),
    [("/login/staff", "email"), ("/login/staff", "password"), ("/login/welcome", "code"), ("/login/staff", "unasked")],
)
def test_a_text_that_no_database_holds_is_refused_before_it_gets_there(home: Household, path: str, field: str) -> None:
    """PostgreSQL has no NUL in a text; what cannot be asked for must not be an error of ours."""
    form = {"email": "birgit@test.dk", "password": "x", "code": "AAAAA", field: "birgit\0@test.dk"}
    assert home.world.client().post(path, form).status_code == 400


def test_a_look_at_the_head_of_a_page_does_not_use_up_what_was_typed(home: Household) -> None:
    """Scanners of links and browsers that look ahead ask for the head first."""
    browser = home.world.client(home.owner)
    form = {
        "once": browser.token(f"{home.path}/data"),
        "youth_name": "Sofie Ny",
        "coordinator": "B",
        "placement": "home",
    }
    home.world.clock.move(hours=2)
    onwards = browser.client.post(f"{home.path}/data", data=form).location
    path = unquote(onwards.partition("next=")[2])
    again = home.world.client(home.owner)
    assert again.client.head(path).status_code == 200
    assert "Sofie Ny" in again.get(path).text
