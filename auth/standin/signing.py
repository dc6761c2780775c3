"""The stand-in's keys, and tokens signed as they should be or as they never should."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from auth.standin.misbehaviour import Misbehaviour

SigningKey = RSAKey | ECKey


def new_key(algorithm: str, name: str | None = None) -> SigningKey:
    """A fresh signing key for an algorithm."""
    parameters: Any = {"kid": name or secrets.token_hex(8), "use": "sig"}
    if algorithm.startswith("ES"):
        return ECKey.generate_key("P-256", parameters)
    return RSAKey.generate_key(2048, parameters)


class KeyRing:
    """The keys the stand-in publishes; the last one signs."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._lock = threading.Lock()
        self._keys = [new_key(algorithm)]

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        with self._lock:
            return self._keys[-1]

    def rotate(self, *, same_name: bool = False, keep_old: bool = False) -> None:
        """Sign with a fresh key from now on; `same_name` reuses the key id, `keep_old` still publishes the old key."""
        fresh = new_key(self.algorithm, self.current.kid if same_name else None)
        with self._lock:
            self._keys = [*(self._keys if keep_old else []), fresh]

    def public(self) -> dict[str, object]:
        """The JSON Web Key Set (RFC 7517)."""
        with self._lock:
            return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def sign(self, claims: dict[str, Any], active: frozenset[Misbehaviour], secret: str, kind: str = "JWT") -> str:
        """A signed token, spoilt by what is active. `secret` is the client's, for a symmetric signature."""
        key = self.current
        header: dict[str, Any] = {"typ": kind, "alg": self.algorithm, "kid": key.kid}
        if Misbehaviour.OTHER_TOKEN_TYPE in active:
            header["typ"] = "at+jwt"
        if Misbehaviour.NO_KEY_ID in active:
            del header["kid"]
        if Misbehaviour.UNKNOWN_KEY_ID in active:
            header["kid"] = "unheard-of"
        if Misbehaviour.FOREIGN_KEY in active:
            key = new_key(self.algorithm)
        if Misbehaviour.OTHER_ALGORITHM in active:
            header["alg"] = "RS512" if isinstance(key, RSAKey) else "ES384"
            key = key if isinstance(key, RSAKey) else ECKey.generate_key("P-384")
        for member, sign in self._forgeries(secret).items():
            if member in active:
                return sign(header, claims)
        token = jwt.encode(header, claims, key, algorithms=[str(header["alg"])])
        if Misbehaviour.BAD_SIGNATURE in active:
            start, _, signature = token.rpartition(".")
            token = f"{start}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        return token

    def _forgeries(self, secret: str) -> dict[Misbehaviour, Callable[[dict[str, Any], dict[str, Any]], str]]:
        key = self.current
        public_pem = key.as_pem(private=False)

        def without_algorithm(header: dict[str, Any], claims: dict[str, Any]) -> str:
            bare = {name: value for name, value in header.items() if name != "alg"}
            return _compact(bare, claims, lambda text: _rs256(key, text))

        def symmetric(shared: bytes) -> Callable[[dict[str, Any], dict[str, Any]], str]:
            return lambda header, claims: _compact(
                {**header, "alg": "HS256"}, claims, lambda text: hmac.digest(shared, text, hashlib.sha256)
            )

        return {
            Misbehaviour.ALGORITHM_NONE: lambda header, claims: _compact(
                {**header, "alg": "none"}, claims, lambda _: b""
            ),
            Misbehaviour.NO_ALGORITHM: without_algorithm,
            Misbehaviour.SYMMETRIC_WITH_SECRET: symmetric(secret.encode()),
            Misbehaviour.SYMMETRIC_WITH_PUBLIC_KEY: symmetric(public_pem),
        }


def _rs256(key: SigningKey, text: bytes) -> bytes:
    if not isinstance(key, RSAKey) or key.private_key is None:
        raise ValueError("this misbehaviour needs RS256")
    return key.private_key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def _compact(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    parts = [_encoded(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([*parts, _encoded(sign(".".join(parts).encode()))])


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
