"""The text a relying party asked MitID to show, read back from its request."""

import base64
import binascii
import json
from collections.abc import Mapping

from auth.oidc.profiles import BrokerProfile


def shown_reference(profile: BrokerProfile, parameters: Mapping[str, str]) -> str | None:
    """The reference text of a request, or None where there is none or it cannot be read."""
    place = profile.reference
    if place is None or place.parameter not in parameters:
        return None
    value: object = parameters[place.parameter]
    try:
        if place.path:
            value = json.loads(parameters[place.parameter])
            for step in place.path:
                value = value[step] if isinstance(value, dict) else None
        else:
            hints = parameters[place.parameter].split()
            value = next((hint.removeprefix(place.prefix) for hint in hints if hint.startswith(place.prefix)), None)
        if not isinstance(value, str) or len(value) > place.longest + 4:
            return None
        return base64.b64decode(value, validate=True).decode()
    except (ValueError, KeyError, binascii.Error):
        return None
