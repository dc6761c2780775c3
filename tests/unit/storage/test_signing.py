"""Signatures for S3: the ones that AWS documents, and the very ones that botocore makes of the same requests."""

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from storage.signing import Signer

WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-/+", min_size=1, max_size=40)


def test_the_example_in_the_documentation_of_s3() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: GET Object"."""
    signer = Signer(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "us-east-1",
        "examplebucket.s3.amazonaws.com",
    )
    headers = signer.signed("GET", "/test.txt", {"Range": "bytes=0-9"}, b"", datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    assert headers["Host"] == "examplebucket.s3.amazonaws.com"


@given(
    method=st.sampled_from(["GET", "PUT"]),
    name=WORDS,
    query=st.sampled_from(["", "?partNumber=7&uploadId=a%2Fb%3D"]),
    header=st.sampled_from([{}, {"Range": "bytes=0-99"}, {"If-None-Match": "*"}]),
    body=st.binary(max_size=64),
    keys=st.tuples(WORDS, WORDS),
    region=st.sampled_from(["us-east-1", "eu-north-1"]),
    moments=st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)), min_size=1, max_size=3),  # noqa: DTZ001
)
def test_every_signature_is_the_one_that_botocore_makes(
    method: str,
    name: str,
    query: str,
    header: dict[str, str],
    body: bytes,
    keys: tuple[str, str],
    region: str,
    moments: list[datetime],
) -> None:
    signer = Signer(*keys, region, "store.example:8333")
    for moment in moments:  # the key of one day is kept, and is not that of another
        ours = signer.signed(method, f"/bucket/{quote(name)}{query}", header, body, moment)
        request = AWSRequest(
            method, f"https://store.example:8333/bucket/{quote(name)}{query}", dict(header), body or None
        )
        with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
            S3SigV4Auth(Credentials(*keys), "s3", region).add_auth(request)
        assert ours["Authorization"] == request.headers["Authorization"]
        assert ours["X-Amz-Content-SHA256"] == request.headers["X-Amz-Content-SHA256"]
