"""What a device has posted, taken apart: whose seal is on each message, and what is in it.

What lives here: verifying and reading a sequence (RFC 8742) of COSE_Sign1 messages (RFC 9052) within bounds. What does
not: whether their readings are here already (`receiving`), where keys come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from certs import cose
from certs.cose import CoseError
from certs.jwk import PublicKey
from connector.data.readings import legends
from connector.data.readings.columns import Allowance
from connector.data.readings.model import FormError, Gaps, Legend, Manifest
from connector.data.readings.outlines import Outline, outlined
from connector.errors import MessageError, RefusedError, TooLargeError

MOST_BYTES: Final = (4 << 20) + (64 << 10)
"""Bytes of one post."""
MOST_MESSAGES: Final = 4096
MOST_GAPS: Final = 16_384
"""Pieces of numbers in the reports of one post."""
MADE: Final = 3 << 20
MADE_PER_BYTE: Final = 3
"""What may be made of a post (see `columns.Allowance`): so much, and so much more for each of its bytes. Whoever sends
readings that resemble each other very much sends fewer of them at once."""

Read: TypeAlias = Outline | Legend | Gaps | Manifest


class Came(Struct, frozen=True):
    """What a batch holds, and the message that it came in."""

    batch: Outline
    message: bytes


class Post(Struct, frozen=True):
    """What came at once, by kind. `provable` is the message that a receipt is given for: the manifest, where all that
    came is in it as it says, else the only batch; None where there is neither."""

    legends: tuple[Legend, ...] = ()
    batches: tuple[Came, ...] = ()
    gaps: tuple[Gaps, ...] = ()
    provable: bytes | None = None
    size: int = 0


def opened(body: bytes, keys: Mapping[bytes, PublicKey]) -> Post:
    """What is in a post, every message of it sealed with one of these keys.

    Raises `TooLargeError` `readings.size` (also where too much would come of it), `MessageError` `readings.form`
    (`number` is that of the message, from 1), `RefusedError` `readings.seal` (sealed by nobody whose key this is, or
    changed on its way).
    """
    if len(body) > MOST_BYTES:
        raise TooLargeError("readings.size", most=str(MOST_BYTES))
    try:
        messages = cose.split(body)
    except CoseError:
        raise MessageError("readings.form", number="0") from None
    if len(messages) > MOST_MESSAGES:
        raise TooLargeError("readings.size", most=str(MOST_BYTES))
    allowance = Allowance(MADE + MADE_PER_BYTE * len(body))
    found = [_read(message, keys, number, allowance) for number, message in enumerate(messages, 1)]
    return _sorted(found, messages, len(body))


def _read(message: bytes, keys: Mapping[bytes, PublicKey], number: int, allowance: Allowance) -> Read:
    try:
        payload = cose.verify(message, keys).payload
    except CoseError:
        raise RefusedError("readings.seal", number=str(number)) from None
    try:
        return legends.read(payload, allowance) if legends.is_document(payload) else outlined(payload, allowance)
    except FormError as error:
        if error.code == "batch.large":
            raise TooLargeError("readings.size", most=str(MOST_BYTES)) from None
        raise MessageError("readings.form", number=str(number)) from None


def _sorted(found: Sequence[Read], messages: list[bytes], size: int) -> Post:
    read = list(zip(found, messages, strict=True))
    came = tuple(Came(one, message) for one, message in read if isinstance(one, Outline))
    if sum(1 + len(gap.ranges) for one in found if isinstance(one, Gaps) for gap in one.gaps) > MOST_GAPS:
        raise TooLargeError("readings.size", most=str(MOST_BYTES))
    return Post(
        legends=tuple(one for one in found if isinstance(one, Legend)),
        batches=came,
        gaps=tuple(one for one in found if isinstance(one, Gaps)),
        provable=_provable(came, [(one, message) for one, message in read if isinstance(one, Manifest)]),
        size=size,
    )


def _provable(came: tuple[Came, ...], manifests: list[tuple[Manifest, bytes]]) -> bytes | None:
    if not manifests:
        return came[0].message if len(came) == 1 else None
    manifest, message = manifests[-1]
    listed = [(one.series, one.first, one.count, one.digest) for one in manifest.parts]
    there = [(one.batch.series, one.batch.first, one.batch.count, hashlib.sha256(one.message).digest()) for one in came]
    return message if listed == there else None
