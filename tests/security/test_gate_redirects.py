"""Where a page may send somebody on to: never off this site, however the address is written."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samrum.web.drafts import safe_path

HERE = "https://samrum.example.dk/login/staff"
TRICKS = st.text(st.sampled_from("/\\:@.?#%&= \t\r\n\0evilhttps;[]\u2028\u3002\uff0f"), max_size=30)


def as_a_browser_reads_it(address: str) -> str:
    """The host that a browser goes to (WHATWG URL): tabs and line ends vanish, a backslash is a slash."""
    plain = address.strip("".join(map(chr, range(33))))
    for letter in "\t\r\n":
        plain = plain.replace(letter, "")
    return urlsplit(urljoin(HERE, plain.replace("\\", "/"))).netloc


@given(st.one_of(TRICKS, st.text(max_size=30), TRICKS.map(lambda text: "/" + text)))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("///evil.example")
@example("/.//evil.example")
@example("https:evil.example")
@example("\x00//evil.example")
def test_no_text_leads_to_another_site(text: str) -> None:
    assert as_a_browser_reads_it(safe_path(text)) == "samrum.example.dk"


@given(st.one_of(TRICKS, TRICKS.map(lambda text: "/" + text)))
def test_no_text_puts_a_line_into_the_answer_s_headers(text: str) -> None:
    assert safe_path(text).isprintable()


@pytest.mark.parametrize("path", ["/", "/rooms", "/rooms/new?kind=goal_plan&x=%2F", "/people?after=a-b", "/søg?q=æøå"])
def test_an_address_of_our_own_is_left_as_it_is(path: str) -> None:
    assert safe_path(path) == path


@given(TRICKS)
def test_what_is_encoded_stays_a_path_when_it_is_followed(text: str) -> None:
    """A browser decodes no path before it follows it: ``/%2f%2fevil`` is a path of ours, ``//evil`` is not."""
    chosen = safe_path("/" + text.replace("/", "%2f").replace("\\", "%5c"))
    assert as_a_browser_reads_it(chosen) == "samrum.example.dk"
