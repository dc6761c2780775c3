"""The log lines of a whole story say nothing about anybody."""

import logging
from pathlib import Path

import pytest

from samrum.logs import JsonFormatter
from support.story import Story
from support.world import World


@pytest.fixture
def lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> tuple[Story, list[str]]:
    """The story, and every line that the service would have written at its most talkative."""
    story = Story(World.make(tmp_path))
    with caplog.at_level(logging.DEBUG):
        story.play()
    formatter = JsonFormatter()
    return story, [formatter.format(record) for record in caplog.records]


def test_no_line_tells_a_name_a_number_an_e_mail_a_file_or_a_secret(lines: tuple[Story, list[str]]) -> None:
    story, written = lines
    assert len(written) > 50, "one for each request at least"
    told = [(secret, line) for line in written for secret in story.secrets if secret.lower() in line.lower()]
    assert told == []


def test_lines_name_routes_and_no_ids(lines: tuple[Story, list[str]]) -> None:
    story, written = lines
    for line in written:
        assert str(story.case_id) not in line
        assert str(story.birgit.id) not in line
    assert any('"route": "/rooms/<uuid:case_id>"' in line for line in written)
    assert any('"route": "(none)"' in line for line in written)
