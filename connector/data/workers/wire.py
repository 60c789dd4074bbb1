"""Frames between a data process and the control process: a length, then one message in msgpack.

What lives here: their form, reading and writing them, errors as values and back. What does not: what is asked.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, Final

import msgspec
from msgspec import Struct

from connector import errors
from connector.data.gate import AccessRefusedError, MovedError
from connector.errors import NodeError, OurError
from policies.model import PolicyError, Reason

LONGEST: Final = 64 << 20
"""Bytes of one message: what is told of 100,000 cells is the longest."""
_LENGTH: Final = struct.Struct(">I")


class Call(Struct, frozen=True, tag="call"):
    """A question: `about` names it, `given` is its arguments."""

    id: int
    about: str
    given: msgspec.Raw


class Answer(Struct, frozen=True, tag="answer"):
    """What came of a question; `failed` where it was an error."""

    id: int
    value: msgspec.Raw
    failed: bool = False


class Cut(Struct, frozen=True, tag="cut"):
    """A stream of this data process may not go on, for these reasons."""

    watch: int
    reasons: tuple[Reason, ...]


class Forget(Struct, frozen=True, tag="forget"):
    """Nothing may be kept that was made under an agreement."""

    agreement: str


Message = Call | Answer | Cut | Forget


class Failure(Struct, frozen=True):
    """An error as it travels: its class by name, and every reason."""

    kind: str
    reasons: tuple[Reason, ...]


_KINDS: Final[dict[str, type[Exception]]] = {
    **{name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, NodeError)},
    "MovedError": MovedError,
}
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def packed(value: Any) -> msgspec.Raw:
    """A value as it travels."""
    return msgspec.Raw(_encoder.encode(value))


def write(writer: asyncio.StreamWriter, message: Message) -> None:
    """Send a message; whoever has much to send waits with `drain`."""
    body = _encoder.encode(message)
    writer.write(_LENGTH.pack(len(body)) + body)


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message, None at the end. Raises `OurError` where this is none: both ends are of one program."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > LONGEST:
            raise OurError("internal")
        return _decoder.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except msgspec.MsgspecError:
        raise OurError("internal") from None


def failure(error: Exception) -> Failure:
    """An error as a value. One that nobody has foreseen says nothing but that."""
    match error:
        case AccessRefusedError():
            return Failure("AccessRefusedError", error.reasons)
        case PolicyError():
            return Failure("PolicyError", (error.reason,))
        case NodeError():
            return Failure(type(error).__name__, (error.reason,))
        case _:
            return Failure("OurError", (Reason("internal"),))


def raised(failed: Failure) -> Exception:
    """The error again."""
    first = failed.reasons[0]
    if failed.kind == "AccessRefusedError":
        return AccessRefusedError(failed.reasons)
    if failed.kind == "PolicyError":
        return PolicyError(first)
    return _KINDS.get(failed.kind, OurError)(first.code, **first.params)
