"""The one address that forms, logins and passkeys are good under."""

import pytest

from support.world import World


def test_a_demo_found_under_the_number_of_this_machine_leads_to_its_name(world: World) -> None:
    answer = world.app.test_client().get("/login/staff?next=/rooms", base_url="http://127.0.0.1")
    assert (answer.status_code, answer.location) == (302, "http://localhost/login/staff?next=/rooms")


@pytest.mark.parametrize("base_url", ["http://localhost", "http://evil.example", "http://10.0.0.1"])
def test_nothing_else_is_led_anywhere(world: World, base_url: str) -> None:
    assert world.app.test_client().get("/login/staff", base_url=base_url).status_code == 200
