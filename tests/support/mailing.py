"""A world with a real mail server, and what came to whom."""

import dataclasses
from email.message import EmailMessage
from pathlib import Path

from samrum import create_app
from support.smtp import MailServer
from support.world import World


def mailing_world(folder: Path, server: MailServer) -> World:
    """A world with a mail server, in which what comes later comes at once."""
    world = World.make(folder, **server.settings)
    platform = dataclasses.replace(world.platform, later=lambda work: work())
    return World(platform, world.clock, create_app(platform.settings, platform))


def text_of(letter: EmailMessage) -> str:
    return str(letter.get_content())


def subjects(server: MailServer, *, to: str) -> list[str]:
    """The English half of the subjects of what came to an address."""
    return [str(letter["Subject"]).partition(" / ")[2] for letter in server.letters if letter["To"] == to]
