"""Signing a request to S3 with AWS Signature Version 4, for the few kinds that :mod:`storage.direct` sends.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. botocore's own signer is made for all
kinds of requests and takes several times as long; the tests compare signatures with its.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Signer:
    """Signs with one long-lived key for one region, requests to the server that ``host`` names as the Host header
    does. Safe between threads."""

    def __init__(self, access_key: str, secret_key: str, region: str, host: str) -> None:
        self._access_key: Final = access_key
        self._secret: Final = f"AWS4{secret_key}".encode()
        self._region: Final = region
        self._host: Final = host
        self._of_the_day = ("", b"")

    def signed(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | bytearray, at: datetime | None = None
    ) -> dict[str, str]:
        """All headers to send: these, which are signed as well, and the signature's own. ``target`` is a path and a
        query, if there is one, quoted and sorted already; ``at`` is now unless it is given."""
        moment = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        digest = sha256(body).hexdigest()
        sent = {**headers, "Host": self._host, "X-Amz-Content-SHA256": digest, "X-Amz-Date": moment}
        lines = sorted((name.lower(), value) for name, value in sent.items())
        names = ";".join(name for name, _ in lines)
        canonical = "".join(f"{name}:{value}\n" for name, value in lines)
        path, _, query = target.partition("?")
        request = f"{method}\n{path}\n{query}\n{canonical}\n{names}\n{digest}"
        scope = f"{moment[:8]}/{self._region}/s3/aws4_request"
        to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(moment[:8]), to_sign.encode(), "sha256").hex()
        credential = f"Credential={self._access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "Authorization": f"{_ALGORITHM} {credential}"}

    def _key(self, day: str) -> bytes:
        """The key that is good for one day."""
        known, key = self._of_the_day
        if known != day:
            key = self._secret
            for part in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._of_the_day = (day, key)
        return key
