"""One-time codes with which a node or device takes its place in a region: 25 characters that people can read out.

What lives here: making a code, reading what somebody typed, whether it names a root certificate. What does not: which
codes are good (`connector.services.region.members`), where they are typed.

125 bits in Crockford's base 32, five groups of five: 80 random bits, the first 40 bits of SHA-256 of the region's root
certificate (DER), so that whoever types the code trusts nobody else's region by mistake or by force, and 5 check bits.
The check is a parity over GF(32): it finds every single wrong character and every two that have changed places.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from msgspec import Struct

SECRET_BYTES, ROOT_BYTES = 10, 5
GROUP, LENGTH = 5, 25

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_BETWEEN = str.maketrans("", "", " \t\r\n-‐‑–_.")
_POLYNOMIAL = 0b100101
"""x^5 + x^2 + 1, primitive over GF(2)."""


class CodeError(Exception):
    """A text that can be no code: `why` is `length`, `character` or `check`; `part` is what is wrong with it."""

    def __init__(self, why: str, part: str = "") -> None:
        super().__init__(why)
        self.why, self.part = why, part


class Code(Struct, frozen=True):
    """A code as read. `text` is its one spelling, `root` the beginning of the root certificate's hash."""

    text: str
    root: bytes

    @property
    def kept(self) -> str:
        """What is kept of a code: SHA-256 in hex. 80 random bits are too many to be guessed from it."""
        return sha256(self.text.encode()).hexdigest()

    def names(self, certificate: bytes) -> bool:
        """Whether this is the root certificate (DER) that the code was made for."""
        return compare_digest(self.root, sha256(certificate).digest()[:ROOT_BYTES])


def make(secret: bytes, certificate: bytes) -> Code:
    """A code of ten random bytes for a region with this root certificate (DER)."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("a code has ten random bytes")
    bits = int.from_bytes(secret + sha256(certificate).digest()[:ROOT_BYTES])
    values = [bits >> 5 * place & 31 for place in reversed(range(LENGTH - 1))]
    return _code([*values, _check(values)])


def read(text: str) -> Code:
    """What a person typed; case, spaces, dashes and the look-alikes O, I, L do not matter. Raises `CodeError`."""
    typed = text.translate(_BETWEEN).upper()
    for char in typed:
        if char not in _VALUES:
            raise CodeError("character", char)
    if len(typed) != LENGTH:
        raise CodeError("length", str(len(typed)))
    values = [_VALUES[char] for char in typed]
    if _check(values[:-1]) != values[-1]:
        raise CodeError("check")
    return _code(values)


def _code(values: list[int]) -> Code:
    text = "".join(_ALPHABET[value] for value in values)
    bits = 0
    for value in values[:-1]:
        bits = bits << 5 | value
    groups = [text[at : at + GROUP] for at in range(0, LENGTH, GROUP)]
    return Code("-".join(groups), bits.to_bytes(SECRET_BYTES + ROOT_BYTES)[SECRET_BYTES:])


def _check(values: list[int]) -> int:
    """The character that brings the parity to zero: its own weight is 1, the one before it x, then x^2 and so on."""
    parity = 0
    for value in values:
        parity = _times_x(parity ^ value)
    return parity


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _POLYNOMIAL if doubled & 32 else doubled
