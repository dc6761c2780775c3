"""The pages: parse, call one service, render."""

from flask import Flask

from samrum.web import audit, consents, errors, files, gate, health, login, pages, people, public, rooms, worklist


def install(app: Flask) -> None:
    """Everything the web service answers."""
    pages.install(app)
    gate.install(app)
    errors.install(app)
    for area in (public, login, rooms, consents, files, worklist, people, audit, health):
        app.register_blueprint(area.blueprint)
