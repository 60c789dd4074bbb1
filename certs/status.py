"""Lists of revocations: one bit a credential, packed, signed by the issuer, published under a URL.

What lives here: the bits, their packed form, the credential that carries them, read and written in both generations
(Bitstring Status List 1.0; Status List 2021), as DCP 1.0.1 wants them. What does not: fetching a list, keeping it.
`ttl` is ignored as the profile says: what counts is when the list itself ends.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct

from certs import credentials, vcdm
from certs.envelopes import Keys
from certs.jws import PrivateKey
from certs.strict import StrictError, from_base64url, to_base64url
from certs.vcdm import VC20, CredentialError, Profile, Status

LEAST: Final = 131_072
"""Entries that a list must have, so that a reader of one entry learns little (Bitstring Status List 1.0, 3.2)."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes that a list may unpack to."""

_KINDS: Final = {
    "BitstringStatusListEntry": ("BitstringStatusListCredential", "BitstringStatusList"),
    "StatusList2021Entry": ("StatusList2021Credential", "StatusList2021"),
}


class Bits:
    """A list of `size` bits, all clear at first; the first bit is the highest of the first byte."""

    def __init__(self, size: int = LEAST) -> None:
        if size % 8 or size <= 0:
            raise ValueError("size")
        self._bytes = bytearray(size // 8)

    def __len__(self) -> int:
        return len(self._bytes) * 8

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return index >> 3, 0x80 >> (index & 7)

    def get(self, index: int) -> bool:
        """Whether a bit is set; `IndexError` beyond the end."""
        at, mask = self._place(index)
        return bool(self._bytes[at] & mask)

    def set(self, index: int) -> None:
        """Set a bit; `IndexError` beyond the end."""
        at, mask = self._place(index)
        self._bytes[at] |= mask

    def clear(self, index: int) -> None:
        """Clear a bit; `IndexError` beyond the end."""
        at, mask = self._place(index)
        self._bytes[at] &= ~mask

    def encode(self, *, multibase: bool = True) -> str:
        """Packed with gzip, in base64url; with `u` in front as multibase wants it."""
        packed = to_base64url(gzip.compress(bytes(self._bytes), mtime=0)).decode()
        return f"u{packed}" if multibase else packed

    @classmethod
    def decode(cls, text: str) -> Bits:
        """The bits of a packed list, with or without the `u`. Raises `CredentialError` `status.malformed`,
        `status.too_large`."""
        try:
            # A packed list begins with the bytes of gzip, whose first character is never `u`.
            packed = from_base64url(text.removeprefix("u").encode("ascii"))
        except (StrictError, UnicodeEncodeError) as error:
            raise CredentialError("status.malformed") from error
        bits = cls.__new__(cls)
        bits._bytes = bytearray(_inflate(packed))
        return bits


def _inflate(packed: bytes) -> bytes:
    """Unpacked bytes of one gzip member, never more than `MOST_BYTES` at any moment."""
    reader = zlib.decompressobj(wbits=31)
    try:
        data = reader.decompress(packed, MOST_BYTES + 1)
    except zlib.error as error:
        raise CredentialError("status.malformed") from error
    if len(data) > MOST_BYTES:
        raise CredentialError("status.too_large")
    if not reader.eof or reader.unused_data:
        raise CredentialError("status.malformed")
    return data


class List(Struct, frozen=True):
    """A list that was verified: for which purpose, by whom, until when it may be used (microseconds UTC)."""

    url: str
    purpose: str
    issuer: str
    begins: int
    ends: int
    bits: Bits

    def get(self, index: int) -> bool:
        """Whether the bit is set. Raises `CredentialError` `status.range` beyond the end (RANGE_ERROR)."""
        try:
            return self.bits.get(index)
        except IndexError as error:
            raise CredentialError("status.range", index=str(index), list=self.url[:256]) from error


def list_credential(
    key: PrivateKey,
    kid: str,
    *,
    issuer: str,
    url: str,
    purpose: str,
    bits: Bits,
    begins: int,
    ends: int,
    profile: Profile = VC20,
) -> str:
    """The signed list that is published at `url`; instants are microseconds UTC."""
    kind, subject = _KINDS[vcdm.ENTRIES[profile]]
    packed = bits.encode(multibase=profile == VC20)
    return credentials.issue(
        key,
        kid,
        issuer=issuer,
        subject=f"{url}#list",
        id=url,
        kind=kind,
        claims={"type": subject, "statusPurpose": purpose, "encodedList": packed},
        begins=begins,
        ends=ends,
        profile=profile,
        contexts=() if profile == VC20 else (vcdm.STATUS_2021,),
    )


def read_list(
    token: str,
    *,
    url: str,
    purpose: str,
    issuer_keys: Keys,
    now: int,
    allowed_issuers: Collection[str],
    least: int = LEAST,
) -> List:
    """The list that was had from `url`, by one of `allowed_issuers`, for `purpose`, valid at `now`.

    `least` is the number of entries that it must have; nothing but a laboratory has a reason to lower it. Raises
    `CredentialError` like `credentials.verify`, and `status.url` (made for another URL), `status.issuer`,
    `status.kind`, `status.purpose`, `status.malformed`, `status.too_large`, `status.too_short`.
    """
    found = credentials.read(token)
    if found.issuer not in allowed_issuers:
        raise CredentialError("status.issuer", issuer=found.issuer[:256])
    if found.id != url:
        raise CredentialError("status.url", url=found.id[:256])
    kinds = [subject for kind, subject in _KINDS.values() if kind in found.types]
    if found.claims.get("type") not in kinds:
        raise CredentialError("status.kind")
    if found.claims.get("statusPurpose") != purpose:
        raise CredentialError("status.purpose", purpose=str(found.claims.get("statusPurpose"))[:64])
    credentials.prove(found, issuer_keys, now)
    bits = Bits.decode(_packed(found.claims))
    if len(bits) < least:
        raise CredentialError("status.too_short", entries=str(len(bits)))
    return List(url, purpose, found.issuer, found.begins, found.ends, bits)


def _packed(claims: Any) -> str:
    packed = claims.get("encodedList")
    if not isinstance(packed, str) or not packed:
        raise CredentialError("status.malformed")
    return packed


def entry(profile: Profile, purpose: str, index: int, url: str) -> Status:
    """The status entry of a credential of this profile."""
    return Status(type=vcdm.ENTRIES[profile], purpose=purpose, index=index, list=url)
