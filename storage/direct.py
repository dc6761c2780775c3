"""One try at a single request to S3, signed and sent with botocore's own parts but past its machinery.

That machinery (endpoint rules, serializers, hooks, parsers) takes longer than most of what a store of documents asks
for: a small object crosses the network in less. What is not answered well here is for boto3 to ask again.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies


class Direct:
    """Requests to the objects of one bucket. ``base`` is its address; ``timeouts``: to connect and to read, in seconds.

    Safe between threads, not over a fork.
    """

    def __init__(
        self,
        base: str,
        access_key: str,
        secret_key: str,
        region: str,
        *,
        ca_bundle: str | None,
        timeouts: tuple[float, float],
        connections: int,
    ) -> None:
        self._base: Final = base.rstrip("/") + "/"
        self._signer: Final = S3SigV4Auth(Credentials(access_key, secret_key), "s3", region)
        self._session: Final = URLLib3Session(
            verify=ca_bundle or True,  # type: ignore[arg-type]  # the stubs know less than botocore
            proxies=get_environ_proxies(base),
            timeout=timeouts,  # type: ignore[arg-type]
            max_pool_connections=connections,
        )

    def ask(
        self, method: str, name: str, expected: int, headers: Mapping[str, str], body: bytes | bytearray = b""
    ) -> AWSResponse | None:
        """The answer, its body unread, when its status is the expected one; None for whatever else happened."""
        request = AWSRequest(method, self._base + quote(name), dict(headers), body or None, stream_output=True)
        self._signer.add_auth(request)
        try:
            answer = self._session.send(request.prepare())
            if answer.status_code == expected:
                return answer
        except BotoCoreError:
            return None
        answer.raw.close()
        return None
