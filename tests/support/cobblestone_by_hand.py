"""Cobblestone-256 and the samrum container once more, written from their specifications and sharing no code with
`storage`: HKDF from HMAC (RFC 5869), AES-GCM from the AES block function (NIST SP 800-38D). Slow, and meant to be read.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAGIC = bytes.fromhex("89 53 41 4d 52 55 4d 01")
_REDUCTION = 0xE1 << 120


def hkdf_expand_sha512(key: bytes, info: bytes, length: int) -> bytes:
    output = block = b""
    counter = 1
    while len(output) < length:
        block = hmac.new(key, block + info + bytes([counter]), hashlib.sha512).digest()
        output += block
        counter += 1
    return output[:length]


def aes_block(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # one block: GCM's own building stone
    return encryptor.update(block) + encryptor.finalize()


def _multiplication_table(h: int) -> list[int]:
    """`h` times x to the powers 0 to 127, in GCM's field with its bits the wrong way round."""
    table = []
    for _ in range(128):
        table.append(h)
        h = (h >> 1) ^ (_REDUCTION if h & 1 else 0)
    return table


def ghash(h: bytes, data: bytes) -> bytes:
    table = _multiplication_table(int.from_bytes(h, "big"))
    y = 0
    for start in range(0, len(data), 16):
        x = y ^ int.from_bytes(data[start : start + 16], "big")
        y = 0
        for bit in range(128):
            if x >> (127 - bit) & 1:
                y ^= table[bit]
    return y.to_bytes(16, "big")


def aes_gcm_seal(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    stream = b"".join(aes_block(key, nonce + (2 + i).to_bytes(4, "big")) for i in range((len(plain) + 15) // 16))
    sealed = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
    padded = sealed + bytes(-len(sealed) % 16)
    digest = ghash(aes_block(key, bytes(16)), padded + bytes(8) + (8 * len(sealed)).to_bytes(8, "big"))
    mask = aes_block(key, nonce + (1).to_bytes(4, "big"))
    return sealed + bytes(a ^ b for a, b in zip(digest, mask, strict=True))


def cobblestone_seal(key: bytes, salt: bytes, context: bytes, plain: bytes) -> bytes:
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    derived = hkdf_expand_sha512(key, info, 76)
    chunk_key, base_nonce, commitment = derived[:32], derived[32:44], derived[44:]
    message = salt + commitment
    for counter in range(len(plain) // 16384 + 1):
        nonce = bytes(a ^ b for a, b in zip(base_nonce, counter.to_bytes(12, "big"), strict=True))
        message += aes_gcm_seal(chunk_key, nonce, plain[16384 * counter : 16384 * (counter + 1)])
    return message


def container_seal(key: bytes, salt: bytes, label: str, ids: list[str], tail: str, plain: bytes) -> bytes:
    """The container of FORMAT.md: `ids` as hexadecimal digits, `tail` the purpose of a text or nothing."""
    context = label.encode() + bytes(16 - len(label)) + MAGIC + bytes.fromhex("".join(ids)) + tail.encode()
    return MAGIC + cobblestone_seal(key, salt, context, plain)
