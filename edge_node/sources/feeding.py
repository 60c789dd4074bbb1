"""Messages of a source into readings, and those to whoever takes them for good.

What lives here: what sources of messages share: the decoder of their format, our own form that is read in one go,
putting aside what cannot be read, waiting while there is no room. What does not: how messages come (`mqtt`, `http`),
formats (`edge_node.decode`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from edge_node import decode
from edge_node.decode.found import SAMPLE, Decoder, Found, Problem
from edge_node.errors import DecodeError, FullError
from edge_node.ports import Arrival, Reading, Spoiled, Taking
from edge_node.sources import Place

OWN: Final = "readings"
"""The format that is our own: `ports.Taking.take_json`."""
_TOGETHER: Final = 1000
_FEW: Final = 64

T = TypeVar("T")
Again = Callable[[int, FullError], Awaitable[None]]
"""Waits after the n-th attempt to give what there was no room for."""


class Message(Struct, frozen=True):
    """What came: `levels` are names from where, `old` is set where it may have been lying there for any time."""

    body: bytes
    levels: Mapping[str, str] = {}
    old: bool = False


class Kept(Struct):
    """What became of messages: `error` is that of one of which nothing could be read."""

    readings: int = 0
    error: DecodeError | None = None


class Feed:
    """Gives messages of one format to whoever takes readings."""

    def __init__(self, place: Place, form: str, settings: Mapping[str, Any]) -> None:
        """Raises `SettingsError`."""
        self._place = place
        self._decoder: Decoder | None = None
        if form != OWN:
            self._decoder = decode.decoder(form, settings, place.fields, f"{place.where}.decode")
        elif settings:
            raise place.wrong("decode", f"the format {OWN} has no settings")

    async def keep(self, taking: Taking, messages: Sequence[Message], again: Again | None = None) -> Kept:
        """Returns when everything in them is on disk, or put aside with its reason. Where there is no room it is tried
        again for ever after `again`; without it raises `FullError`, with nothing taken of a single message."""
        if self._decoder is None:
            kept = await asyncio.gather(*(self._own(taking, one, again) for one in messages))
            return Kept(error=next((one for one in kept if one is not None), None))
        return await self._decoded(taking, self._decoder, messages, again)

    async def _own(self, taking: Taking, message: Message, again: Again | None) -> DecodeError | None:
        wrong = DecodeError("decode.old") if message.old and not _dated(message.body) else None
        if wrong is None:
            try:
                # What was put aside already is not put aside again, and told all the same.
                return await _patiently(
                    lambda: taking.take_json(self._place.name, self._place.series, message.body), again
                )
            except DecodeError as error:
                wrong = error
        if wrong is not None:
            await self.put_aside(taking, [Problem(wrong.code, wrong.params, message.body)])
        return wrong

    async def _decoded(
        self, taking: Taking, decoder: Decoder, messages: Sequence[Message], again: Again | None
    ) -> Kept:
        problems, kept = Found(), Kept()
        parts: list[tuple[list[Reading], int]] = []
        for one in messages:
            try:
                found = self._read(decoder, one)
                parts.append((found.readings, len(one.body)))
                problems.problems += found.problems
            except DecodeError as error:
                problems.failed(error, one.body)
                kept.error = error
        kept.readings = sum(len(readings) for readings, _ in parts)
        await asyncio.gather(*(self._take(taking, readings, size, again) for readings, size in _arrivals(parts)))
        await self.put_aside(taking, problems.problems)
        return kept

    async def _take(self, taking: Taking, readings: list[Reading], size: int, again: Again | None) -> None:
        arrival = Arrival(self._place.name, self._place.series, readings, size)
        await _patiently(lambda: taking.take(arrival), again)

    def _read(self, decoder: Decoder, message: Message) -> Found:
        found = decoder.read(message.body, message.levels, self._place.now())
        if message.old and any(one.at is None for one in found.readings):
            # It says the last value and not when it was measured: taken as of now, every new connection would measure.
            raise DecodeError("decode.old")
        if not found.readings and len(found.problems) == 1:
            problem = found.problems[0]
            raise DecodeError(problem.code, **problem.params)
        return found

    async def put_aside(self, taking: Taking, problems: Sequence[Problem]) -> None:
        """Returns when they are on disk, which many get to together."""
        for first in range(0, len(problems), _TOGETHER):
            await asyncio.gather(
                *(
                    taking.spoiled(Spoiled(self._place.name, one.code, one.params, one.sample[:SAMPLE]))
                    for one in problems[first : first + _TOGETHER]
                )
            )


def _arrivals(parts: Sequence[tuple[list[Reading], int]]) -> Sequence[tuple[list[Reading], int]]:
    """Few messages one by one: whoever takes them sees how many wait, and need not wait for more where a broker sends
    no more. Many together, which costs less."""
    told = [(readings, size) for readings, size in parts if readings]
    if len(told) < _FEW:
        return told
    return [([one for readings, _ in told for one in readings], sum(size for _, size in told))]


async def _patiently(take: Callable[[], Awaitable[T]], again: Again | None) -> T:
    attempt = 0
    while True:
        try:
            return await take()
        except FullError as error:
            if again is None:
                raise
            attempt += 1
            await again(attempt, error)


def _dated(body: bytes) -> bool:
    """Does every row of our own form say when it was measured? What cannot be read is not judged here."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
    rows = found if isinstance(found, list) else [found]
    return all(not isinstance(one, dict) or one.get("at") is not None for one in rows)
