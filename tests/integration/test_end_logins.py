"""An operator logs somebody out, or everybody; and lets an administrator begin anew whom nobody else can help."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.cli import logins, main
from samrum.models import AuditRow
from support.logins import actions, give_password, is_logged_in
from support.world import YOUTH_CPR, World


@pytest.fixture
def birgit(world: World, monkeypatch: pytest.MonkeyPatch) -> StaffActor:
    monkeypatch.setattr(logins, "open_platform", lambda: world.platform)
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def test_one_colleague_is_logged_out_everywhere_and_nobody_else(world: World, birgit: StaffActor) -> None:
    hers = [world.client(birgit) for _ in range(2)]
    carl = world.client(world.staff("Carl", "UU"))
    done = CliRunner().invoke(main, ["end-logins", "--email", "Birgit@test.dk"])
    assert (done.exit_code, done.output) == (0, "Ended 2 logins.\n")
    assert not any(is_logged_in(browser) for browser in hers)
    assert is_logged_in(carl)
    assert actions(world) == [("logged_out", "operator")] * 2


def test_everybody_is_logged_out_and_may_log_in_again(world: World, birgit: StaffActor) -> None:
    world.case(birgit)
    browsers = [world.client(birgit), world.client(world.citizen(YOUTH_CPR))]
    assert CliRunner().invoke(main, ["end-logins", "--everybody"]).output == "Ended 2 logins.\n"
    assert not any(is_logged_in(browser) for browser in browsers)
    assert is_logged_in(world.client(birgit))


@pytest.mark.parametrize("given", [[], ["--everybody", "--email", "birgit@test.dk"], ["--email", "ingen@test.dk"]])
def test_what_is_not_clear_ends_nothing(world: World, birgit: StaffActor, given: list[str]) -> None:
    browser = world.client(birgit)
    assert CliRunner().invoke(main, ["end-logins", *given]).exit_code != 0
    assert is_logged_in(browser)


def test_an_administrator_whom_nobody_else_can_help_begins_anew(world: World, birgit: StaffActor) -> None:
    anna = world.staff("Anna", "It", administrator=True)
    hers = world.client(anna)
    done = CliRunner().invoke(main, ["reset-factor", "--email", "ANNA@test.dk", "--identity", "in_person"])
    assert done.exit_code == 0, done.output
    assert not is_logged_in(hers)
    assert is_logged_in(world.client(birgit))
    give_password(hers, "anna@test.dk")
    assert "enrol-key" in hers.get("/login/staff/code").text
    with world.platform.database.transaction() as session:
        logged = session.scalars(select(AuditRow).where(AuditRow.action == "second_factor_reset")).one()
    assert (logged.actor_id, logged.subject_id, logged.detail) == (None, anna.id, {"identity": "in_person"})


@pytest.mark.parametrize(
    "given", [["--email", "birgit@test.dk"], ["--email", "x@test.dk", "--identity", "video"],
              ["--email", "birgit@test.dk", "--identity", "by_mail"]],
)  # fmt: skip
def test_without_knowing_whom_and_how_nothing_is_reset(world: World, birgit: StaffActor, given: list[str]) -> None:
    browser = world.client(birgit)
    assert CliRunner().invoke(main, ["reset-factor", *given]).exit_code != 0
    assert is_logged_in(browser)
