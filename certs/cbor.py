"""CBOR, read in one form and written in one form (RFC 8949), and sequences of it (RFC 8742).

What lives here: reading bytes of somebody else with bounds on size and depth, without tags, duplicate keys or types of
the library's own making; writing deterministically (RFC 8949, 4.2.1). What does not: what the values mean, signed
messages (`cose`). Beside `cose` this is the only user of cbor2.

Values are whole numbers of at most 64 bits (and their sign), floats, text, bytes, true, false, null, lists, and maps
with numbers, text or bytes as keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import cbor2
from msgspec import Struct

MOST: Final = 16 * 1024 * 1024
"""Bytes of one value; a longer one is not looked at."""
DEEP: Final = 12
"""Lists and maps in each other."""

_LEAVES: Final = frozenset({int, bool, str, bytes, type(None)})
_KEYS: Final = frozenset({int, str, bytes})
_LOWEST, _HIGHEST = -(1 << 64), (1 << 64) - 1
_TAG, _SIMPLE = 6, 7
_OPEN = 31
_BREAK = 0xFF
_SHORT: Final = rb"[\x00-\x17\x20-\x37]|[\x18\x38][\x18-\xff]|[\x19\x39](?!\0)..|[\x1a\x3a](?!\0\0)...."
"""A whole number of at most 32 bits and its sign, in its shortest form."""
_NUMBER: Final = _SHORT + rb"|[\x1b\x3b](?!\0\0\0\0)........"


class CborError(Exception):
    """Bytes that are no value, or a value that cannot be written. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# --- writing ----------------------------------------------------------------------------------------------------------


def dumps(value: Any) -> bytes:
    """The one encoding of a value: shortest forms, definite lengths, keys of maps in the order of their bytes.

    Raises `CborError`: `cbor.type` (also a number of more than 64 bits, and a key that is neither a number, text nor
    bytes), `cbor.deep`, `cbor.size`.
    """
    return _Writer(MOST).value(value, DEEP)


def sequence(values: Iterable[Any]) -> bytes:
    """Values one after the other (RFC 8742). Raises as `dumps`."""
    return b"".join(map(dumps, values))


class _Writer:
    """Writes, and gives up beyond `left` bytes: what a decoder was made to share within a value is as long as it is
    often when it is written out."""

    def __init__(self, left: int) -> None:
        self._left = left

    def value(self, value: Any, deep: int) -> bytes:
        kind = type(value)
        if kind is dict:
            return self._map(value, deep)
        if kind is list or kind is tuple:
            return self._list(value, deep)
        _check((value,), {kind})
        return self._leaf(value)

    def _leaf(self, value: Any) -> bytes:
        try:
            made: bytes = cbor2.dumps(value, canonical=True)
        except (cbor2.CBOREncodeError, UnicodeEncodeError):
            raise CborError("cbor.type") from None
        self._left -= len(made)
        if self._left < 0:
            raise CborError("cbor.size")
        return made

    def _list(self, values: Sequence[Any], deep: int) -> bytes:
        """A list without lists in it is written in one go."""
        if not deep:
            raise CborError("cbor.deep")
        kinds = set(map(type, values))
        if kinds.isdisjoint((list, tuple, dict)):
            _check(values, kinds)
            return self._leaf(values)
        made = [_head(4, len(values))]
        for is_leaf, run in groupby(values, key=_is_leaf):
            some = list(run)
            made += [self._run(some)] if is_leaf else [self.value(one, deep - 1) for one in some]
        return b"".join(made)

    def _run(self, values: list[Any]) -> bytes:
        """Values without parts, beside others that have some: written in one go, too."""
        _check(values, set(map(type, values)))
        head = len(_head(4, len(values)))
        self._left += head
        return self._leaf(values)[head:]

    def _map(self, value: dict[Any, Any], deep: int) -> bytes:
        if not deep:
            raise CborError("cbor.deep")
        if not set(map(type, value)) <= _KEYS:
            raise CborError("cbor.type")
        pairs = {self.value(key, deep - 1): self.value(one, deep - 1) for key, one in value.items()}
        return _head(5, len(pairs)) + b"".join([part for key in sorted(pairs) for part in (key, pairs[key])])


def _is_leaf(value: Any) -> bool:
    return type(value) not in (list, tuple, dict)


def _check(values: Sequence[Any], kinds: set[type]) -> None:
    """Return if these are values without parts; raises `CborError` `cbor.type`."""
    if not kinds <= _LEAVES and not kinds <= _LEAVES | {float}:
        raise CborError("cbor.type")
    if int in kinds:
        numbers = values if len(kinds) == 1 else [one for one in values if type(one) is int]
        if min(numbers) < _LOWEST or max(numbers) > _HIGHEST:
            raise CborError("cbor.type")


def _head(major: int, count: int) -> bytes:
    """The beginning of a list or map."""
    if count < 24:
        return bytes((major << 5 | count,))
    width = (count.bit_length() + 7) // 8
    power = max(0, (width - 1).bit_length())
    return bytes((major << 5 | 24 + power,)) + count.to_bytes(1 << power)


# --- reading ----------------------------------------------------------------------------------------------------------


def loads(data: bytes, *, most: int = MOST, deep: int = DEEP) -> Any:
    """The value that is written here in its one form: `dumps` of it gives the same bytes.

    Raises `CborError`: `cbor.size`, `cbor.deep`, `cbor.form`.
    """
    if len(data) > most:
        raise CborError("cbor.size")
    found = _decoded(data, deep)
    try:
        # INVARIANT: what was said twice, in a longer way, in another order, with a tag or behind the end is not there
        # any more when it is written again.
        same = _Writer(len(data)).value(found, deep) == data
    except CborError as error:
        raise CborError("cbor.deep" if error.code == "cbor.deep" else "cbor.form") from None
    if not same:
        raise CborError("cbor.form")
    return found


def loads_any(data: bytes, *, most: int = MOST, deep: int = DEEP) -> Any:
    """The value that is written here in any form that RFC 8949 knows, for bytes of programs that are not ours: lengths
    may be open or longer than needed, maps in any order. Tags and simple values beyond true, false and null are
    refused, and so are keys that occur twice.

    Raises `CborError`: `cbor.size`, `cbor.deep`, `cbor.form`, `cbor.duplicate`.
    """
    if len(data) > most:
        raise CborError("cbor.size")
    end, items = _Scan(data, deep, foreign=True).item(0)
    if end != len(data):
        raise CborError("cbor.form")
    found = _decoded(data, deep)
    if _items(found) != items:
        raise CborError("cbor.duplicate")
    return found


def split(data: bytes, *, most: int = MOST, deep: int = DEEP) -> list[bytes]:
    """The values of a sequence (RFC 8742), each as the bytes that it is written in. Lengths are definite; tags are
    let through: this only finds where values end.

    Raises `CborError`: `cbor.size`, `cbor.deep`, `cbor.form`.
    """
    if len(data) > most:
        raise CborError("cbor.size")
    parts, at = [], 0
    while at < len(data):
        end, _ = _Scan(data, deep, foreign=False).item(at)
        parts.append(data[at:end])
        at = end
    return parts


def begun(data: bytes, at: int, major: int) -> tuple[int, int]:
    """The length of a value of this kind (RFC 8949, 3.1: bytes, text, list, map) that begins here, said in the shortest
    form, and the place behind it. Raises `CborError` `cbor.form`."""
    count = data[at] & 31 if at < len(data) else 0
    if 24 <= count < 28:
        count = int.from_bytes(data[at + 1 : at + 1 + (1 << count - 24)])
    head = _head(major, count)
    if not data.startswith(head, at):
        raise CborError("cbor.form")
    return count, at + len(head)


def numbers(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    """So many whole numbers as stand here one after the other, each in its shortest form, and the place behind them.
    Raises `CborError` `cbor.form`."""
    found = _run(_NUMBER, count).match(data, at)
    if found is None:
        raise CborError("cbor.form")
    made: list[int] = cbor2.loads(_head(4, count) + found[0])
    return made, found.end()


def behind(data: bytes, at: int, count: int) -> int:
    """The place behind so many whole numbers of at most 32 bits and their signs, each in its shortest form, of which
    nothing is made. Raises `CborError` `cbor.form`."""
    found = _run(_SHORT, count).match(data, at)
    if found is None:
        raise CborError("cbor.form")
    return found.end()


@lru_cache(maxsize=64)
def _run(number: bytes, count: int) -> re.Pattern[bytes]:
    # Each begins with a byte of its own: nothing is ever tried in another way.
    return re.compile(b"(?:%s){%d}+" % (number, count), re.DOTALL)


def _decoded(data: bytes, deep: int) -> Any:
    try:
        # The library counts tags and keys as depths of their own; the exact bound is held by whoever looks at it next.
        return cbor2.loads(data, max_depth=2 * deep + 2)
    except RecursionError:
        raise CborError("cbor.deep") from None
    except Exception as error:  # whatever a decoder of foreign bytes may raise
        raise CborError("cbor.deep" if "nesting depth" in str(error) else "cbor.form") from None


def _items(value: Any) -> int:
    """How many values there are in a value, itself and keys included. Raises `CborError` `cbor.form` for a key that is
    none here."""
    match value:
        case dict():
            if not set(map(type, value)) <= _KEYS:
                raise CborError("cbor.form")
            return 1 + len(value) + sum(map(_items, value.values()))
        case list():
            return 1 + sum(map(_items, value))
        case _:
            return 1


class _Head(Struct, frozen=True):
    """The beginning of a value: its kind (RFC 8949, 3.1), number and the place behind it. `open`: its length is not
    said, its end is."""

    major: int
    number: int
    end: int
    open: bool


class _Scan:
    """Finds where values end, and how many there are in them, before anything is made of them."""

    def __init__(self, data: bytes, deep: int, *, foreign: bool) -> None:
        self._data = data
        self._deep = deep
        self._foreign = foreign

    def item(self, at: int) -> tuple[int, int]:
        """The place behind the value at `at`, and how many values it is made of. Raises `CborError`."""
        return self._item(at, self._deep)

    def _item(self, at: int, deep: int) -> tuple[int, int]:
        head = self._head(at)
        match head.major:
            case 2 | 3 if head.open:
                return self._pieces(head), 1
            case 2 | 3:
                return self._within(head.end + head.number), 1
            case 4 | 5:
                if not deep:
                    raise CborError("cbor.deep")
                return self._parts(head, deep - 1)
            case 6:
                if not deep:
                    raise CborError("cbor.deep")
                end, items = self._item(head.end, deep - 1)
                return end, items + 1
            case _:
                return head.end, 1

    def _head(self, at: int) -> _Head:
        if at >= len(self._data):
            raise CborError("cbor.form")
        major, short = self._data[at] >> 5, self._data[at] & 31
        if short < 24:
            head = _Head(major, short, at + 1, False)
        elif short < 28:
            end = self._within(at + 1 + (1 << short - 24))
            head = _Head(major, int.from_bytes(self._data[at + 1 : end]), end, False)
        elif short == _OPEN and self._foreign and 2 <= major <= 5:
            head = _Head(major, 0, at + 1, True)
        else:
            raise CborError("cbor.form")
        if self._foreign and (major == _TAG or (major == _SIMPLE and short not in (20, 21, 22, 25, 26, 27))):
            raise CborError("cbor.form")
        return head

    def _within(self, end: int) -> int:
        if end > len(self._data):
            raise CborError("cbor.form")
        return end

    def _pieces(self, head: _Head) -> int:
        """Behind a text or bytes that come in pieces, which are of the same kind and say their length."""
        at = head.end
        while not self._ends(at):
            piece = self._head(at)
            if piece.open or piece.major != head.major:
                raise CborError("cbor.form")
            at = self._within(piece.end + piece.number)
        return at + 1

    def _parts(self, head: _Head, deep: int) -> tuple[int, int]:
        """Behind the parts of a list or map."""
        at, items, left = head.end, 1, head.number * (head.major - 3)
        count = 0
        while not self._ends(at) if head.open else count < left:
            at, inside = self._item(at, deep)
            items += inside
            count += 1
        if not head.open:
            return at, items
        if head.major == 5 and count % 2:
            raise CborError("cbor.form")
        return at + 1, items

    def _ends(self, at: int) -> bool:
        return self._data[self._within(at + 1) - 1] == _BREAK
