"""A process that uploads, to be watched or killed. Its arguments: URL BUCKET ACCESS SECRET KEYS MIB END.

It writes one line of JSON once MIB mebibytes are written. END says what then: ``finish`` completes the upload and
writes a second line, with the files that were opened on the way and the growth of resident memory in KiB; ``wait``
does nothing until the process is killed.
"""

import json
import resource
import sys
import time
from pathlib import Path
from uuid import uuid4

from storage import KeyFile, Place, S3Store, Vault

opened: list[str] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("open", "tempfile.mkstemp", "tempfile.mkdtemp"):
        opened.append(str(arguments[0]))


def tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def resident_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(url: str, bucket: str, access: str, secret: str, keys: str, mib: str, end: str) -> None:
    vault = Vault(S3Store(url, bucket, access, secret), KeyFile.load(Path(keys)))
    organisation, case = uuid4(), uuid4()
    case_key = vault.new_case_key(organisation, case)
    with vault.upload(case_key, Place(organisation, case, uuid4(), uuid4())) as first:
        first.write(bytes(10 << 20))  # whatever the first request loads, such as boto3's models, is loaded by now
        first.finish()
    piece = b"a secret sentence " * 4096
    before = resident_kib()
    sys.addaudithook(watch)
    with vault.upload(case_key, Place(organisation, case, uuid4(), uuid4())) as upload:
        while upload.size < int(mib) << 20:
            upload.write(piece)
        tell(written=upload.size)
        if end == "wait":
            time.sleep(600)
        stored = upload.finish()
    tell(name=stored.object_name, size=stored.size, opened=opened, growth_kib=resident_kib() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
