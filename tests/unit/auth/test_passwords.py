import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from auth.passwords import Cost, Problem, hash_password, needs_rehash, problems, verify_password

CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
DEARER = Cost(passes=2, memory_kib=64, lanes=1)
GOOD = "hest kaffe sol fire"


def test_the_right_password_opens_and_a_wrong_one_does_not() -> None:
    stored = hash_password(GOOD, CHEAP)
    assert verify_password(stored, GOOD, CHEAP)
    assert not verify_password(stored, GOOD + " ", CHEAP)
    assert not verify_password(stored, GOOD.upper(), CHEAP)
    assert not verify_password(stored, "", CHEAP)


def test_a_hash_is_argon2id_with_its_own_salt_and_says_what_it_cost() -> None:
    first, second = hash_password(GOOD, CHEAP), hash_password(GOOD, CHEAP)
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert first != second


def test_the_default_cost_is_the_second_recommended_option_of_rfc_9106() -> None:
    assert Cost() == Cost(passes=3, memory_kib=65536, lanes=4)


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password() -> None:
    composed = unicodedata.normalize("NFC", "rødgrød på åen i ærø")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert verify_password(hash_password(decomposed, CHEAP), composed, CHEAP)
    assert verify_password(hash_password(composed, CHEAP), decomposed, CHEAP)


def test_nobody_has_no_password() -> None:
    assert not verify_password(None, GOOD, CHEAP)
    assert not verify_password(None, "", CHEAP)


def test_asking_for_nobody_costs_as_much_as_a_wrong_password() -> None:
    cost = Cost(passes=2, memory_kib=8 * 1024, lanes=1)
    stored = hash_password(GOOD, cost)
    verify_password(None, "warm up", cost)

    def seconds(hashed: str | None) -> float:
        start = time.thread_time()  # of work, whatever else the machine is doing
        assert not verify_password(hashed, "wrong password", cost)
        return time.thread_time() - start

    times = [(seconds(stored), seconds(None)) for _ in range(15)]
    somebody, nobody = (min(each) for each in zip(*times, strict=True))
    assert 0.6 < nobody / somebody < 1.7


def test_a_damaged_hash_lets_nobody_in() -> None:
    stored = hash_password(GOOD, CHEAP)
    for damaged in ("", "x", stored[:-4], stored.replace("argon2id", "bcrypt")):
        assert not verify_password(damaged, GOOD, CHEAP)


def test_a_password_too_long_to_be_set_is_never_right() -> None:
    long = "æ" * 129
    assert not verify_password(hash_password(long, CHEAP), long, CHEAP)
    assert verify_password(hash_password(long[:128], CHEAP), long[:128], CHEAP)


def test_text_that_is_no_valid_unicode_is_just_a_wrong_password() -> None:
    assert not verify_password(hash_password(GOOD, CHEAP), "\ud800\x00", CHEAP)


def test_a_hash_is_renewed_when_the_cost_is_raised() -> None:
    stored = hash_password(GOOD, CHEAP)
    assert not needs_rehash(stored, CHEAP)
    assert needs_rehash(stored, DEARER)
    assert verify_password(stored, GOOD, DEARER)


@pytest.mark.parametrize("password", [GOOD, "Tr0mpet-i-regnvejr", "æøå ñ 漢字 🙂 kaffe", "k" * 3 + "Vh7#pQz2!xWm" * 10])
def test_a_long_or_unusual_password_without_any_composition_rule_is_fine(password: str) -> None:
    assert problems(password) == []


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("x7Qp#2v", Problem.TOO_SHORT),
        ("", Problem.TOO_SHORT),
        ("Vh7#" * 32 + "x", Problem.TOO_LONG),
        ("password1", Problem.COMMON),
        ("PassWord1", Problem.COMMON),
        ("fqrg7cs493", Problem.COMMON),
        ("aaaaaaaaaaaaaaaaaaaa", Problem.GUESSABLE),
        ("qwertyuiopå", Problem.GUESSABLE),
        ("Velkommen1", Problem.GUESSABLE),
        ("Adgangskode1234", Problem.GUESSABLE),
        ("Sommer2026!", Problem.GUESSABLE),
        ("Aarhus2026!", Problem.GUESSABLE),
        ("K0mmun3n2026", Problem.GUESSABLE),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, problem: Problem) -> None:
    assert problem in problems(password)


def test_eight_characters_are_counted_after_normalisation() -> None:
    assert Problem.TOO_SHORT in problems(unicodedata.normalize("NFD", "åæøéüöñ"))
    assert Problem.TOO_SHORT not in problems("åæøéüöñç")


@pytest.mark.parametrize("password", ["skjoldborgsen2026", "Xanthippe1!", "solgaardenxyz1", "XanthippeSkjoldborgsen1"])
def test_a_password_of_the_persons_own_words_is_refused(password: str) -> None:
    own = ["Xanthippe Skjoldborgsen", "xanthippe.skjoldborgsen@solgaarden.example"]
    assert Problem.GUESSABLE in problems(password, own)


def test_one_persons_words_do_not_weigh_on_anyone_else() -> None:
    problems("whatever it is", ["Zyxwkvlitmorgenrod"])
    assert problems("zyxwkvlitmorgenrod") == []


def test_many_people_may_choose_at_once() -> None:
    def weak(number: int) -> bool:
        name = f"{'bcdfghjklmnp'[number % 12] * 2}vrutzki{'qwxzv'[number % 5]}plomf"
        return Problem.GUESSABLE in problems(name, [name])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(weak, range(48)))
