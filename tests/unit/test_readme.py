"""The README says what is true."""

import re
from pathlib import Path

from samrum.config import Settings

README = Path(__file__).parents[2] / "README.md"


def settings_table() -> str:
    """The README's table, made from the settings themselves."""
    rows = ["| Variable | Default | What it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "**needed**" if field.is_required() else f"`{field.default}`" if field.default is not None else "–"
        rows.append(f"| `SAMRUM_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_readme_lists_every_setting_with_its_default() -> None:
    found = re.search(r"<!-- settings -->\n(.*)\n<!-- end of settings -->", README.read_text(), re.DOTALL)
    assert found is not None
    assert found[1] == settings_table()


def test_every_file_the_readme_shows_is_there() -> None:
    for name in re.findall(r"!\[[^]]*]\(([^)]+)\)", README.read_text()):
        assert (README.parent / name).is_file(), name
