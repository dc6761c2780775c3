"""Reads the decision table that people wrote (`unit/auth/decision_table.md`) and finds the one row of a combination."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from auth.policy import Action

TABLE = Path(__file__).parents[1] / "unit" / "auth" / "decision_table.md"
ANSWERS = ("answer", "reason", "told")

ACTIONS = {
    "see number": Action.SEE_NUMBER,
    "see case": Action.SEE_CASE,
    "see log": Action.SEE_LOG,
    "read files": Action.READ_FILES,
    "write files": Action.WRITE_FILES,
    "manage": Action.MANAGE,
    "reopen": Action.REOPEN,
    "hand over": Action.HAND_OVER,
    "receive the case": Action.RECEIVE_CASE,
    "see own consent": Action.SEE_OWN_CONSENT,
    "give own consent": Action.GIVE_CONSENT,
    "withdraw own consent": Action.WITHDRAW_CONSENT,
}
RECEIVE = ("receive the case",)
ALL_BUT_RECEIVE = tuple(action for action in ACTIONS if action not in RECEIVE)

ACCOUNT = {"account": ("active", "inactive")}
STATUS = {"status": ("active", "closed")}
AGE = {"age": ("minor", "leap gap", "adult")}
CONSENTS = {
    "youth's consent": ("in force", "missing"),
    "custody holders": ("none registered", "one has not consented", "all have consented"),
}
LEVELS = ("none", "read", "write")
ROLE = {"role": ("administrator", "auditor", "both")}
OFFICE = {
    **ROLE,
    "tie": ("none", "owner", "grant"),
    **ACCOUNT,
    "owner": ("still there", "has left"),
    "organisation": ("the case's", "another"),
}
STAFF = {
    "grant": ("none", "revoked", "read", "write", "read, run out", "write, run out"),
    **ACCOUNT,
    "unit": ("owner's unit", "another unit"),
    **AGE,
    **CONSENTS,
    **STATUS,
}
YOUTH = {**ACCOUNT, "youth access": LEVELS, **STATUS}
TIE = {"tie": ("custody holder", "parent without custody", "no tie")}
CITIZEN = {**TIE, **ACCOUNT, "parents' access": LEVELS, **AGE, **CONSENTS, **STATUS}

# Every section of the table with the columns it must have and all values they can take.
DOMAINS: dict[str, dict[str, tuple[str, ...]]] = {
    "The owner": {**ACCOUNT, **STATUS, "action": ALL_BUT_RECEIVE},
    "Other staff": {**STAFF, "action": ALL_BUT_RECEIVE},
    "The young person": {**YOUTH, "action": tuple(ACTIONS)},
    "Any other citizen": {**CITIZEN, "action": tuple(ACTIONS)},
    "Administrators and auditors": {**OFFICE, "action": ALL_BUT_RECEIVE},
    "Receiving a case": {
        "case-creator right": ("yes", "no"),
        "role": ("none", "administrator", "auditor", "both"),
        "organisation": ("the case's", "another"),
        **ACCOUNT,
        "tie": ("none", "owner", "grant"),
        "action": RECEIVE,
    },
    "Creating a case": {
        "who": ("nobody logged in", "citizen", "staff"),
        "case-creator right": ("yes", "no"),
        "role": ("none", "administrator", "auditor", "both"),
        **ACCOUNT,
    },
    "Nobody logged in": {"action": tuple(ACTIONS)},
    "Covered": {
        "recipient": ("the owner's unit", "another unit", "parents"),
        **AGE,
        "youth's consent": (
            "in force",
            "in force today only",
            "none",
            "withdrawn",
            "begins tomorrow",
            "ran out yesterday",
            "names others only",
        ),
        "custody": (
            "no parent",
            "only a parent without custody, consenting",
            "one holder, consenting",
            "one holder, silent",
            "one holder, withdrawn",
            "one holder, ran out",
            "one holder, begins tomorrow",
            "one holder, names others only",
            "two holders, one silent",
            "two holders, both silent",
            "two holders, both consenting",
            "one holder consenting, a parent without custody silent",
        ),
    },
    "The owner is told": {**ACCOUNT},
    "Other staff are told": {**STAFF},
    "The young person is told": {**YOUTH},
    "Any other citizen is told": {**TIE, **ACCOUNT, **AGE},
    "Administrators and auditors are told": {**OFFICE},
}
DECISIONS = [name for name, columns in DOMAINS.items() if "action" in columns]
TELLINGS = [name for name in DOMAINS if name.endswith(" told")]

Row = dict[str, str]
Combination = dict[str, str]


def read_sections() -> dict[str, list[Row]]:
    sections: dict[str, list[Row]] = {}
    for part in re.split(r"^#{2,3} ", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        lines = [line.strip(" |").split(" | ") for line in body.splitlines() if line.startswith("|")]
        if lines:
            header, _, *rows = lines
            sections[title] = [dict(zip(header, row, strict=True)) for row in rows]
    return sections


SECTIONS = read_sections()


def values_of(cell: str, domain: tuple[str, ...]) -> set[str]:
    values = set(domain) if cell == "*" else set(cell.split(" or "))
    assert values <= set(domain), f"unknown words in the table: {values - set(domain)}"
    return values


def is_possible(values: Combination) -> bool:
    """A custody holder cannot ask in a case where none is registered."""
    return (values.get("tie"), values.get("custody holders")) != ("custody holder", "none registered")


def combinations(section: str) -> Iterator[tuple[Combination, Row]]:
    """Every possible combination with its one row; fails where none or several fit."""
    columns = DOMAINS[section]
    rows = [
        (row, {name: values_of(row[name], domain) for name, domain in columns.items()}) for row in SECTIONS[section]
    ]
    for values in product(*columns.values()):
        combination = dict(zip(columns, values, strict=True))
        if is_possible(combination):
            fitting = [row for row, cells in rows if all(combination[name] in cells[name] for name in columns)]
            assert len(fitting) == 1, f"{len(fitting)} rows of “{section}” fit {combination}"
            yield combination, fitting[0]
