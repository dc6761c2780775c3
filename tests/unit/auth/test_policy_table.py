"""Runs every combination of the values that matter against `decision_table.md`, which was written by hand."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from auth.policy import (
    PARENTS,
    Action,
    Actor,
    CaseFacts,
    CitizenActor,
    Consent,
    Grant,
    Level,
    Parent,
    Reason,
    Recipient,
    StaffActor,
    Status,
    covered,
    decide,
    may_create_case,
    missing_consents,
)
from support.decision_table import (
    ACTIONS,
    ALL_BUT_RECEIVE,
    ANSWERS,
    DECISIONS,
    DOMAINS,
    RECEIVE,
    SECTIONS,
    TELLINGS,
    Combination,
    combinations,
)

# What a section leaves open is tried both ways: everything that could open the case, and everything that could shut it.
OPEN = {
    "status": "active",
    "youth access": "write",
    "parents' access": "write",
    "age": "minor",
    "youth's consent": "in force",
    "custody holders": "all have consented",
    "unit": "owner's unit",
    "organisation": "the case's",
    "case-creator right": "yes",
    "role": "none",
    "owner": "still there",
}
SHUT = {
    "status": "closed",
    "youth access": "none",
    "parents' access": "none",
    "age": "adult",
    "youth's consent": "missing",
    "custody holders": "one has not consented",
    "unit": "another unit",
    "organisation": "another",
    "case-creator right": "no",
    "role": "none",
    "owner": "has left",
}

# Each age twice where it can be: around the birthday of a leap-day child, and on the very days around an ordinary one.
DAYS = {
    "minor": [(date(2008, 2, 29), date(2026, 2, 27)), (date(2008, 6, 15), date(2026, 6, 14))],
    "leap gap": [(date(2008, 2, 29), date(2026, 2, 28))],
    "adult": [(date(2008, 2, 29), date(2026, 3, 1)), (date(2008, 6, 15), date(2026, 6, 15))],
}
DAY = timedelta(days=1)

ASKER, OTHER, OWNER, YOUTH_ID, HOLDER, OTHER_HOLDER, PARENT = (uuid4() for _ in range(7))
OWNERS_UNIT, ANOTHER_UNIT, THIRD_UNIT, ORGANISATION, ANOTHER_ORGANISATION = (uuid4() for _ in range(5))


def consent(giver: UUID, recipients: set[Recipient], today: date, word: str = "in force") -> Consent:
    from_day, until_day = today - 30 * DAY, today + 30 * DAY
    match word:
        case "in force today only":
            from_day = until_day = today
        case "begins tomorrow":
            from_day = today + DAY
        case "ran out yesterday" | "ran out":
            until_day = today - DAY
        case "names others only":
            recipients = {THIRD_UNIT}
    return Consent(giver, frozenset(recipients), from_day, until_day, withdrawn=word == "withdrawn")


def facts_for(values: Combination, birth: date, today: date) -> CaseFacts:
    asked_for: set[Recipient] = {ANOTHER_UNIT, PARENTS}
    asker_holds = values.get("tie") == "custody holder"
    first, second = (ASKER if asker_holds else HOLDER), OTHER_HOLDER
    custody = values["custody holders"]
    holders = () if custody == "none registered" else (first, second)
    consenting = {"none registered": (), "one has not consented": (first,), "all have consented": (first, second)}
    parents = [Parent(holder, custody_holder=True) for holder in holders]
    if values.get("tie") == "parent without custody":
        parents.append(Parent(ASKER, custody_holder=False))
    consents = [consent(giver, asked_for, today) for giver in consenting[custody]]
    if values["youth's consent"] == "in force":
        consents.append(consent(YOUTH_ID, asked_for, today))

    grants = [Grant(OTHER, Level.WRITE)]
    grant = values.get("grant", "write" if values.get("tie") == "grant" else "none")
    if grant == "revoked":
        grants.append(Grant(ASKER, Level.WRITE, revoked=True))
    elif grant != "none":
        level, _, run_out = grant.partition(", ")
        grants.append(Grant(ASKER, Level(level), last_day=today - DAY if run_out else today))
    return CaseFacts(
        owner=ASKER if values.get("tie") == "owner" else OWNER,
        owner_unit=OWNERS_UNIT,
        organisation=ORGANISATION,
        youth=YOUTH_ID,
        birth_date=birth,
        status=Status(values["status"]),
        youth_access=Level(values["youth access"]),
        parent_access=Level(values["parents' access"]),
        parents=tuple(parents),
        grants=tuple(grants),
        consents=tuple(consents),
        owner_has_left=values["owner"] == "has left",
    )


def actor_for(section: str, values: Combination) -> Actor | None:
    active = values.get("account") == "active"
    if section.startswith("Nobody") or values.get("who") == "nobody logged in":
        return None
    if section.startswith("The young person"):
        return CitizenActor(YOUTH_ID, active)
    if section.startswith("Any other citizen") or values.get("who") == "citizen":
        return CitizenActor(ASKER, active)
    return StaffActor(
        id=OWNER if section.startswith("The owner") else ASKER,
        unit=OWNERS_UNIT if values["unit"] == "owner's unit" else ANOTHER_UNIT,
        organisation=ORGANISATION if values["organisation"] == "the case's" else ANOTHER_ORGANISATION,
        active=active,
        case_creator=values["case-creator right"] == "yes",
        administrator=values["role"] in ("administrator", "both"),
        auditor=values["role"] in ("auditor", "both"),
    )


def worlds(section: str, combination: Combination) -> Iterator[tuple[Actor | None, CaseFacts, date]]:
    for background in (OPEN, SHUT):
        values = background | combination
        for birth, today in DAYS[values["age"]]:
            yield actor_for(section, values), facts_for(values, birth, today), today


def test_the_table_and_the_test_speak_of_the_same_sections_and_columns() -> None:
    columns = {title: set(rows[0]) - set(ANSWERS) for title, rows in SECTIONS.items()}
    assert columns == {title: set(domain) for title, domain in DOMAINS.items()}


def test_the_table_speaks_of_every_action_of_everybody() -> None:
    assert set(ACTIONS.values()) == set(Action)
    staff = ["The owner", "Other staff", "Administrators and auditors"]
    for section in DECISIONS:
        missing = set(ACTIONS) - set(DOMAINS[section]["action"])
        assert missing <= (set(RECEIVE) if section in staff else set(ALL_BUT_RECEIVE) if "Receiv" in section else set())


def test_every_reason_code_is_somebodys_answer() -> None:
    assert {row.get("reason", "-") for rows in SECTIONS.values() for row in rows} == {"-", *Reason}


@pytest.mark.parametrize("section", DOMAINS)
def test_every_combination_has_exactly_one_row_and_every_row_has_a_combination(section: str) -> None:
    used = [id(row) for _, row in combinations(section)]
    assert {id(row) for row in SECTIONS[section]} == set(used)


@pytest.mark.parametrize("section", DECISIONS)
def test_the_code_decides_as_the_table(section: str) -> None:
    wrong = []
    for combination, row in combinations(section):
        for actor, facts, today in worlds(section, combination):
            decision = decide(actor, ACTIONS[combination["action"]], facts, today)
            answer = ("yes" if decision.allowed else "no", decision.reason.value)
            if answer != (row["answer"], row["reason"]):
                wrong.append((combination, answer, row["reason"]))
    assert wrong == []


@pytest.mark.parametrize("section", TELLINGS)
def test_a_person_is_told_as_much_as_the_table_says_whatever_they_ask_for(section: str) -> None:
    wrong = []
    for combination, row in combinations(section):
        for actor, facts, today in worlds(section, combination):
            for action in Action:
                decision = decide(actor, action, facts, today)
                told = decision.sight.name.lower().replace("_", " ")
                must_hide = not decision.allowed and row["told"] == "nothing"
                if told != row["told"] or decision.is_404 is not must_hide:
                    wrong.append((combination, action, told))
    assert wrong == []


def test_only_the_creators_of_the_table_create_cases() -> None:
    for combination, row in combinations("Creating a case"):
        decision = may_create_case(actor_for("Creating a case", OPEN | combination))
        assert ("yes" if decision.allowed else "no", decision.reason) == (row["answer"], row["reason"]), combination


def custody_world(word: str, recipient: Recipient, today: date) -> tuple[list[Parent], list[Consent]]:
    first, second, parent = (
        Parent(HOLDER, custody_holder=True),
        Parent(OTHER_HOLDER, custody_holder=True),
        Parent(PARENT, custody_holder=False),
    )
    parents, consenting = {
        "no parent": ([], []),
        "only a parent without custody, consenting": ([parent], [PARENT]),
        "one holder, consenting": ([first], [HOLDER]),
        "two holders, one silent": ([first, second], [HOLDER]),
        "two holders, both silent": ([first, second], []),
        "two holders, both consenting": ([first, second], [OTHER_HOLDER, HOLDER]),
        "one holder consenting, a parent without custody silent": ([parent, first], [HOLDER]),
    }.get(word, ([first], []))
    consents = [consent(giver, {recipient}, today) for giver in consenting]
    if word in ("one holder, withdrawn", "one holder, ran out", "one holder, begins tomorrow") or "names" in word:
        consents.append(consent(HOLDER, {recipient}, today, word.removeprefix("one holder, ")))
    return parents, consents


def test_a_recipient_is_covered_as_the_table_says() -> None:
    recipients: dict[str, Recipient] = {
        "the owner's unit": OWNERS_UNIT,
        "another unit": ANOTHER_UNIT,
        "parents": PARENTS,
    }
    for combination, row in combinations("Covered"):
        recipient = recipients[combination["recipient"]]
        for birth, today in DAYS[combination["age"]]:
            parents, consents = custody_world(combination["custody"], recipient, today)
            if combination["youth's consent"] != "none":
                consents.append(consent(YOUTH_ID, {recipient}, today, combination["youth's consent"]))
            facts = CaseFacts(
                owner=OWNER,
                owner_unit=OWNERS_UNIT,
                organisation=ORGANISATION,
                youth=YOUTH_ID,
                birth_date=birth,
                parents=tuple(parents),
                consents=tuple(consents),
            )
            assert (covered(facts, recipient, today) or "-") == row["reason"], (combination, today)
            assert bool(missing_consents(facts, recipient, today)) is (row["answer"] == "no"), (combination, today)
