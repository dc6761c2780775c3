"""Small objects that stay until a day, whoever has the key to the store: S3 Object Lock, where the store has it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from botocore.exceptions import ClientError

from storage.s3 import S3Store, own_errors

_LARGEST = 64 * 1024
_WITHOUT = frozenset({"ObjectLockConfigurationNotFoundError", "NotImplemented", "InvalidRequest", "MethodNotAllowed"})
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class LockedStore(S3Store):
    """One bucket, used for what must outlive its writer's wish to change it.

    With object lock, no version of an object can be removed or shortened before its day; newer ones can be laid over
    it, and it can be hidden. So everything that was ever put there is read, not only what a name leads to now.
    """

    def ensure_bucket(self) -> None:
        """Make the bucket, with object lock, when it is missing. Unavailable when that is refused."""
        with own_errors():
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in ("404", "NoSuchBucket"):
                    raise
                self._client.create_bucket(Bucket=self._bucket, ObjectLockEnabledForBucket=True)

    @property
    def locks(self) -> bool:
        """Whether the bucket has object lock."""
        with own_errors():
            try:
                found = self._client.get_object_lock_configuration(Bucket=self._bucket)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _WITHOUT:
                    return False
                raise
        return found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"

    def keep(self, name: str, data: bytes, until: datetime) -> bool:
        """Put an object there that nobody removes before ``until``; whether the store holds it so long.

        AlreadyExists when the name is taken.
        """
        if not self.locks:
            with own_errors():
                self._client.put_object(Bucket=self._bucket, Key=name, Body=data, IfNoneMatch="*")
            return False
        with own_errors():
            self._client.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=data,
                IfNoneMatch="*",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=until,
                ChecksumAlgorithm="SHA256",
            )
        return True

    def kept(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Everything under names that start with ``prefix``, hidden or laid over as well, in order of the names.

        Of each at most 64 KiB; nothing of what is listed and not there, so that no odd name keeps the others from being
        read.
        """
        with own_errors():
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                for entry in page.get("Versions", ()):
                    yield entry["Key"], self._version(entry["Key"], entry.get("VersionId", "null"))

    def _version(self, name: str, version: str) -> bytes:
        try:
            if version == "null":  # the bucket keeps no versions
                answer = self._client.get_object(Bucket=self._bucket, Key=name)
            else:
                answer = self._client.get_object(Bucket=self._bucket, Key=name, VersionId=version)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return b""
            raise
        with closing(answer["Body"]) as body:
            return body.read(_LARGEST)
