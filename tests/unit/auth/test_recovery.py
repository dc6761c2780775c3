import math
import re

from auth.passwords import Cost
from auth.recovery import COST, COUNT, LETTERS, Code, hashed, is_right, new_codes, read

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
CODE = Code("7K", "Q2MX4RTBN9")


def test_there_are_ten_codes_in_three_groups_of_letters_that_are_told_apart() -> None:
    codes = [str(code) for code in new_codes()]
    assert len(set(codes)) == COUNT == 10
    assert all(re.fullmatch("([2-9A-HJ-NP-Z]{4}-){2}[2-9A-HJ-NP-Z]{4}", code) for code in codes)


def test_what_is_secret_of_a_code_is_fifty_random_bits_and_what_finds_it_is_its_own() -> None:
    codes = [code for _ in range(50) for code in new_codes()]
    assert len({code.secret for code in codes}) == 500
    assert {len(code.secret) * math.log2(len(LETTERS)) for code in codes} == {50.0}
    assert all(len({code.selector for code in new_codes()}) == COUNT for _ in range(20))


def test_small_letters_spaces_and_missing_hyphens_do_not_matter() -> None:
    assert str(CODE) == "7KQ2-MX4R-TBN9"
    for text in ("7KQ2-MX4R-TBN9", "7kq2 mx4r tbn9 ", "7KQ2MX4RTBN9"):
        assert read(text) == CODE


def test_what_cannot_be_a_code_is_none() -> None:
    for text in ("", "123456", "7KQ2M-X4RTB", "7KQ2-MX4R-TBN", "7KQ2-MX4R-TBN99", "7KQ2-MX4R-TBN0", "7KQ2-MX4R-TBNÆ",
                 "7KQ2-MX4R-TBN٣"):  # fmt: skip
        assert read(text) is None


def test_a_code_is_kept_as_argon2id_with_a_salt_of_its_own_and_at_the_least_cost_that_counts() -> None:
    first, second = hashed(CODE), hashed(CODE)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (COST.memory_kib, COST.passes, COST.lanes) == (19456, 2, 1)
    salts = [stored.split("$")[4] for stored in (first, second)]
    assert salts[0] != salts[1]
    assert all(len(salt) * 6 // 8 * 8 >= 32 for salt in salts), "bits"
    assert CODE.secret not in first


def test_only_the_secret_of_the_code_opens_it() -> None:
    stored = hashed(CODE, CHEAP)
    assert is_right(CODE, stored, CHEAP)
    assert not is_right(Code("7K", "Q2MX4RTBN8"), stored, CHEAP)
    assert not is_right(Code("7K", ""), stored, CHEAP)
