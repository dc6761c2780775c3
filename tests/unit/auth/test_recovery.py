import hmac
import re
from hashlib import sha256

from auth.recovery import COUNT, hashed, new_codes, plain


def _keyed(value: bytes) -> bytes:
    return hmac.new(b"key", value, sha256).digest()


def test_there_are_ten_different_codes_in_two_groups_of_letters_that_are_told_apart() -> None:
    codes = new_codes()
    assert len(set(codes)) == COUNT == 10
    assert all(re.fullmatch("[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}", code) for code in codes)


def test_no_code_comes_twice() -> None:
    assert len({code for _ in range(50) for code in new_codes()}) == 500


def test_small_letters_spaces_and_missing_hyphens_do_not_matter() -> None:
    assert plain("7kq2m x4rtb ") == plain("7KQ2MX4RTB") == plain("7KQ2M-X4RTB") == "7KQ2MX4RTB"


def test_what_cannot_be_a_code_is_none() -> None:
    for text in ("", "123456", "7KQ2M-X4RT", "7KQ2M-X4RTBB", "7KQ2M-X4RT0", "7KQ2M-X4RTÆ", "7KQ2M-X4RT٣"):
        assert plain(text) is None
        assert hashed(text, b"person", _keyed) is None


def test_what_is_kept_depends_on_the_person_and_the_key_and_does_not_show_the_code() -> None:
    mine = hashed("7KQ2M-X4RTB", b"me", _keyed)
    assert mine is not None
    assert mine == hashed("7kq2m x4rtb", b"me", _keyed)
    assert mine != hashed("7KQ2M-X4RTB", b"you", _keyed)
    assert mine != hashed("7KQ2M-X4RTB", b"me", lambda value: sha256(value).digest())
    assert b"7KQ2M" not in mine
