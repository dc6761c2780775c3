"""What a browser says of itself, in two words."""

import pytest

from samrum.web.devices import device_in_words

WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 {} Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {} Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (WINDOWS, "Chrome, Windows"),
        (WINDOWS + " Edg/140.0.0.0", "Edge, Windows"),
        (WINDOWS + " OPR/120.0.0.0", "Opera, Windows"),
        (IPHONE.format("Version/18.5 Mobile/15E148"), "Safari, iPhone"),
        (IPHONE.format("CriOS/140.0 Mobile/15E148"), "Chrome, iPhone"),
        (IPHONE.format("FxiOS/140.0 Mobile/15E148"), "Firefox, iPhone"),
        (ANDROID.format("Chrome/140.0.0.0"), "Chrome, Android"),
        (ANDROID.format("SamsungBrowser/28.0 Chrome/130.0.0.0"), "Samsung Internet, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari, Mac"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/140.0.0.0 Safari/537.36", "Chrome, Chromebook"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_told_by_its_name_and_its_system(user_agent: str, words: str) -> None:
    assert device_in_words(user_agent) == words


def test_nothing_of_what_somebody_made_up_is_kept() -> None:
    assert device_in_words("Sofie Lind <script> 150809-4993 " * 50) == ""
