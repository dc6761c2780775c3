"""Fetching a version: its very bytes, as an attachment that no browser opens in our name."""

import unicodedata
from typing import Final, TypeGuard
from urllib.parse import quote
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from samrum.services.downloads import Sight, find_version, open_found, see_version
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.gate import SIGNED_IN, caller, open_to, refreshed
from samrum.web.multipart import be_patient

_ATTR_CHAR: Final = "!#$&+-.^_`|~"
_DANISH: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})
ATTACHED: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""What goes with every file, so that no browser opens it in our name or keeps it."""

_UNSAFE: Final = str.maketrans({'"': "'", **dict.fromkeys("\\/%:<>|?*", "_")})


@blueprint.get("/files/<uuid:document_id>/<int(max=2147483647):number>")
@open_to(*SIGNED_IN)
def download(case_id: UUID, document_id: UUID, number: int) -> ResponseReturnValue:
    """The bytes of a version, or one range of them (RFC 9110, 14). HEAD tells the same headers and sends nothing."""
    hub, asking, token = platform(), caller(), cookies.login_token() or ""
    if request.method == "HEAD":
        sight = see_version(hub, asking, case_id, document_id, number)
        return Response(headers=_headers(sight) | {"Content-Length": str(sight.size)})
    found = find_version(hub, asking, case_id, document_id, number)
    sight = found.sight
    wanted = parse_range_header(request.headers.get("Range"))
    is_part = _applies(wanted, sight)
    part = _span(wanted, sight) if _applies(wanted, sight) else range(sight.size)
    if part is None:
        return Response(status=416, headers=_headers(sight) | {"Content-Range": f"bytes */{sight.size}"})
    opened = open_found(hub, asking, found, part)
    headers = _headers(sight) | {"Content-Length": str(len(part))}
    if is_part:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{sight.size}"
    be_patient(request.environ)
    pieces = opened.pieces(part.start, part.stop, lambda: refreshed(hub, asking, token))
    return Response(pieces, status=206 if is_part else 200, headers=headers)


def content_disposition(name: str) -> str:
    """``attachment`` under this name: in ASCII for old programs, and exactly (RFC 6266, RFC 8187)."""
    # only then what is unsafe: a full-width quotation mark has become a plain one
    letters = unicodedata.normalize("NFKD", name.translate(_DANISH)).translate(_UNSAFE)
    plain = "".join(letter if " " <= letter <= "~" else "_" for letter in letters if not unicodedata.combining(letter))
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def _applies(wanted: Range | None, sight: Sight) -> TypeGuard[Range]:
    """Whether the whole is not what is asked for: there is one range, of the version that the sender knows."""
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return False
    return request.headers.get("If-Range", _etag(sight)) == _etag(sight)


def _span(wanted: Range, sight: Sight) -> range | None:
    """The bytes of a range; None when it lies outside."""
    start, stop = wanted.ranges[0]
    if start < 0:
        return range(max(sight.size + start, 0), sight.size)
    if start >= sight.size:
        return None
    return range(start, sight.size if stop is None else min(stop, sight.size))


def _etag(sight: Sight) -> str:
    return f'"{sight.version_id.hex}"'


def _headers(sight: Sight) -> dict[str, str]:
    return {
        "Content-Type": sight.media_type,
        "Content-Disposition": content_disposition(sight.name),
        **ATTACHED,
        "Accept-Ranges": "bytes",
        "ETag": _etag(sight),
    }
