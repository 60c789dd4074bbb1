"""Bringing readings to the device's own node and, under contracts, to consumers: each of them once, the newest first.

What lives here: one line to each of them, what it has, when it is tried again. What does not: what is in a post
(`posting`), whether it may go (`decisions`), the network (`link`).

What a consumer has is what it says in its answers, by the numbers of readings; that is kept in the buffer. A lost
answer costs one post: the numbers in it are there, the consumer takes none of them a second time and says so. Every
line goes at its own pace; whoever is away, refuses or waits keeps up nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from certs.jwk import PublicKey
from connector.data.readings.model import MEDIA_TYPE, FormError, Gap
from connector.data.readings.orders import Delivery, Orders
from connector.data.readings.ranges import Ranges, joined, size
from edge_node.contracts.decisions import Decisions, Moment, Permit, Refusal
from edge_node.contracts.leaving import Departures
from edge_node.delivery import hearing
from edge_node.delivery.hearing import Heard
from edge_node.delivery.posting import Buffer as Readable
from edge_node.delivery.posting import Packing, Post, Words, choose, without
from edge_node.delivery.receipts import keys_of
from edge_node.errors import EdgeError, LinkError, WithheldError
from edge_node.network.link import Answer
from edge_node.seal import Sealer
from policies.model import PolicyError

HOME: Final = "home"
"""What the device's own node is called among those that have its readings; a consumer is called by its agreement."""
_FIRST: Final = 1.0
_LONGEST: Final = 300.0
"""Seconds before something that failed is tried again."""
_ANEW: Final = 60.0
"""Seconds before something that was refused is asked again; new orders ask at once."""
_YOUNG: Final = 30.0
"""Seconds before it is looked whether readings are old enough by now."""
_IDLE: Final = 5.0
_LEAST_POST: Final = 4096
_GAPS: Final = "sync.gaps."
_MOST_GAPS: Final = 100


class Buffer(Readable, Protocol):
    """The buffer; see `edge_node.buffer`."""

    def held(self, consumer: str) -> dict[int, Ranges]: ...

    async def held_now(self, consumer: str, series: int, ranges: Ranges) -> None: ...

    async def skip(self, series: int, number: int) -> None: ...

    async def dismiss(self, consumer: str) -> None: ...

    async def forget_delivered(self, needed: Mapping[int, Collection[str]]) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    async def put(self, name: str, value: bytes | None) -> None: ...


class Sends(Protocol):
    """The network; see `edge_node.network.link`."""

    async def post(
        self, url: str, body: bytes, *, media_type: str, authorization: str, device: str, private: bool, most: int
    ) -> Answer: ...

    async def get(self, url: str, *, authorization: str, device: str, private: bool, most: int) -> Answer: ...


class Receipts(Protocol):
    """Keeps what others have countersigned, if they have; see `edge_node.delivery.receipts`."""

    def keep(
        self, consumer: str, message: bytes, receipt: bytes, *, keys: Mapping[bytes, PublicKey], manifest: bool = False
    ) -> bool: ...


class Means(Struct, kw_only=True):
    """What lines work with. `home` is where the device's own node takes readings, how to prove who asks there (made
    anew for each request), and what its receipts are verified with. `spare` says whether the backlog may use the link
    now; the newest readings always may; `affordable` how many bytes the day still allows (None: there is no limit).
    `jitter` is a factor around 1."""

    buffer: Buffer
    link: Sends
    sealer: Sealer
    departures: Departures
    decisions: Decisions
    device: str
    home_url: str
    home_proof: Callable[[], str]
    home_private: bool = False
    home_keys: Callable[[], Mapping[bytes, PublicKey]] = dict
    orders: Callable[[], Orders | None]
    moment: Callable[[], Moment]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = lambda: 1.0
    spare: Callable[[], bool] = lambda: True
    affordable: Callable[[], int | None] = lambda: None
    post_bytes: int = 1 << 20
    receipts: Receipts | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """How one line stands: readings that are `waiting` for it, the first of them taken at `oldest` (0: none waits),
    `sent` since the start, when it last had an answer and when a receipt that proves something (microseconds UTC, 0:
    never since the start), and what is wrong ("": nothing)."""

    name: str
    url: str
    waiting: int
    oldest: int
    sent: int
    answered: int
    proved: int = 0
    code: str = ""
    params: Mapping[str, str] = {}


class Line:
    """One node or consumer. `delivery` None is the device's own node."""

    def __init__(self, means: Means, words: Words, delivery: Delivery | None) -> None:
        self._means, self._words, self.delivery = means, words, delivery
        self.name = HOME if delivery is None else delivery.agreement
        self._packing = Packing(
            words=words, sealer=means.sealer, departures=means.departures, clock=lambda: means.moment().now
        )
        self._asked = self._masks = False
        self._left: dict[int, Ranges] = {}
        self._waiting: dict[int, Ranges] = {}
        self._stuck: dict[int, Ranges] = {}
        self._tries = 0
        self._most = means.post_bytes
        self._awake = asyncio.Event()
        self._trouble: tuple[str, Mapping[str, str]] = ("", {})
        self._lasting = self._trouble
        self._sent = self._answered = self._proved = 0
        self.idle = asyncio.Event()

    # --- outside ------------------------------------------------------------------------------------------------------

    def wake(self, delivery: Delivery | None = None) -> None:
        """There may be something to do now, perhaps by other orders: what is there is heard anew then."""
        if delivery is not None:
            self.delivery, self._asked = delivery, False
        self.idle.clear()
        self._awake.set()

    def standing(self) -> Standing:
        """How it stands."""
        wanted = self._wanted(young=True)
        waiting = sum(size(ranges) for ranges in wanted.values())
        code, params = self._trouble
        return Standing(
            name=self.name, url=self._url, waiting=waiting, sent=self._sent, answered=self._answered,
            oldest=self._oldest(wanted),
            proved=self._proved, code=code, params=params,
        )  # fmt: skip

    def _oldest(self, wanted: Mapping[int, Ranges]) -> int:
        """When the first of these was taken, by the batch that it is in; 0 where there is none."""
        firsts = [
            one.begin
            for series, ranges in wanted.items()
            for one in self._means.buffer.read(series, ((ranges[0][0], ranges[0][0]),), 1)
        ]
        return min(firsts, default=0)

    async def run(self) -> None:
        """Bring what there is, until cancelled."""
        while True:
            self._awake.clear()
            try:
                pause = await self._turn()
            except LinkError as error:
                pause = self._failed(error)
            except WithheldError as error:
                pause = self._refused(error.code, error.params)
            except PolicyError as error:
                pause = self._refused(error.reason.code, error.reason.params)
            except (EdgeError, FormError) as error:
                pause = self._refused(error.code, getattr(error, "params", {}))
            except Exception as error:
                # INVARIANT: a line goes on as long as its device does.
                pause = self._refused("sync.failed", {"error": type(error).__name__})
            if pause:
                self.idle.set()
                await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        waiting = [asyncio.ensure_future(self._awake.wait()), asyncio.ensure_future(self._means.sleep(seconds))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _failed(self, error: LinkError) -> float:
        """Later, and later still."""
        self._trouble = (error.code, error.params)
        self._tries += 1
        pause = min(_FIRST * 2.0 ** min(self._tries - 1, 20), _LONGEST) * self._means.jitter()
        return max(pause, float(error.seconds))

    def _refused(self, code: str, params: Mapping[str, str]) -> float:
        self._trouble = (code, params)
        return _ANEW

    # --- one turn -----------------------------------------------------------------------------------------------------

    async def _turn(self) -> float:
        """One post; returns after how many seconds there is something to do again."""
        permit = self._permit()
        if isinstance(permit, Refusal):
            return self._refused(permit.code, permit.params)
        self._masks = permit.masks
        if not self._asked:
            await self._ask()
        self._words.look()
        wanted = self._wanted()
        gaps = self._gaps()
        if not wanted and not gaps:
            self._trouble = self._lasting
            return self._resting()
        choice = choose(self._means.buffer, wanted, self._tops(), self._size(), backlog=self._means.spare())
        if self.delivery is None:
            post = await self._packing.home(permit, choice, wanted, gaps, self._means.moment())
        else:
            post = await self._packing.contract(permit, choice, wanted, gaps, self._means.moment())
        for series, ranges in post.waiting.items():
            self._waiting[series] = joined((*self._waiting.get(series, ()), *ranges))
        if post.is_empty:
            await self._settle(post, {})
            return 0.0 if post.gaps or self._wanted() != wanted else _IDLE
        return await self._send(post)

    def _size(self) -> int:
        """Bytes of the next post: of what the day still allows no more than half, since answers cost too."""
        left = self._means.affordable()
        return self._most if left is None else max(_LEAST_POST, min(self._most, left // 2))

    def _permit(self) -> Permit | Refusal:
        orders = self._means.orders()
        if self.delivery is None:
            return self._means.decisions.home(orders)
        if orders is None:
            return Refusal("sync.orders")
        return self._means.decisions.decide(self.delivery, orders, self._means.moment())

    def _resting(self) -> float:
        if any(self._waiting.values()):
            self._waiting.clear()
            return _YOUNG
        return _IDLE

    async def _send(self, post: Post) -> float:
        body = post.body
        answer = await self._exchange(body)
        match answer.status:
            case 200:
                return await self._heard(post, hearing.read(answer.body))
            case 409:
                known = self._packing.known
                self._packing.forget()
                if not known and not self._packing.told:
                    raise LinkError("sync.legend")
                return 0.0
            case 413 if self._most > _LEAST_POST:
                self._most = max(_LEAST_POST, self._most // 2)
                return 0.0
            case _:
                raise _told(answer)

    async def _exchange(self, body: bytes | None) -> Answer:
        """One request. It is proved and judged with what counts now."""
        means, delivery = self._means, self.delivery
        if delivery is None:
            proof, private = means.home_proof(), means.home_private
        else:
            proof, private = delivery.token, delivery.private
            if body is not None:
                means.decisions.asked(delivery, means.moment().now)
        if body is None:
            return await means.link.get(
                self._url, authorization=proof, device=means.device, private=private, most=hearing.MOST
            )
        return await means.link.post(
            self._url, body, media_type=MEDIA_TYPE, authorization=proof, device=means.device, private=private,
            most=hearing.MOST,
        )  # fmt: skip

    @property
    def _url(self) -> str:
        return self._means.home_url if self.delivery is None else self.delivery.url

    # --- what the other side has --------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        """Hear what is there before anything goes."""
        answer = await self._exchange(None)
        if answer.status != 200:
            raise _told(answer)
        heard = hearing.read(answer.body)
        self._packing.known = heard.legend
        held = heard.held if self.delivery is not None else {
            series: await self._given(series, ranges) for series, ranges in heard.held.items()
        }  # fmt: skip
        await self._note(held)
        self._asked, self._tries = True, 0
        self._answered = self._means.moment().now

    async def _given(self, series: int, ranges: Ranges) -> Ranges:
        """What the node has of what this device still knows. INVARIANT: a number is given once, also where the device
        has lost what it knew of numbers; a reading whose number was given before goes nowhere, and is not forgotten."""
        buffer = self._means.buffer
        if not ranges or ranges[-1][1] < buffer.next(series):
            return ranges
        await buffer.skip(series, ranges[-1][1] + 1)
        fresh = without(buffer.series().get(series, ()), buffer.held(self.name).get(series, ()))
        twice = without(fresh, without(fresh, ranges))
        if twice:
            self._put(self._stuck, series, twice)
            self._lasting = ("sync.numbers", {"series": str(series), "readings": str(size(twice))})
        return without(ranges, twice)

    async def _heard(self, post: Post, heard: Heard) -> float:
        """Take off the list what is there now. Raises `LinkError` where that is nothing."""
        before = self._wanted(young=True)
        self._packing.known = heard.legend
        self._packing.told |= post.things
        own = {one.told: one.series for one in post.messages}
        for told, first, code in heard.refused:
            sent = [one for one in post.messages if one.told == told and one.first == first]
            if code != "readings.partly" and sent:
                self._put(self._stuck, own[told], ((sent[0].first, sent[0].last),))
                self._lasting = ("sync.refused", {"code": code, "series": str(own[told]), "first": str(first)})
        await self._settle(post, heard.held)
        self._answered = self._means.moment().now
        if heard.receipt is not None and post.messages and self._means.receipts is not None:
            message = post.manifest or post.messages[0].data
            keys = self._means.home_keys() if self.delivery is None else keys_of(self.delivery.keys)
            if self._means.receipts.keep(self.name, message, heard.receipt, keys=keys, manifest=bool(post.manifest)):
                self._proved = self._answered
        if post.messages and self._wanted(young=True) == before:
            raise LinkError("sync.nothing_taken")
        self._tries = 0
        self._sent += sum(one.rows for one in post.messages)
        self._trouble = self._lasting
        return 0.0

    async def _settle(self, post: Post, held: Mapping[int, Ranges]) -> None:
        for series, ranges in post.withheld.items():
            self._put(self._left, series, ranges)
        await self._note(held, post.withheld)
        if post.gaps:
            await self._means.buffer.put(_GAPS + self.name, str(post.gaps).encode())

    async def _note(self, held: Mapping[int, Ranges], more: Collection[int] = ()) -> None:
        """What the other side says that it has, and what it never gets, is not wanted any more."""
        buffer, numbers = self._means.buffer, self._numbers()
        said = {numbers[told]: ranges for told, ranges in held.items() if told in numbers}
        known = buffer.held(self.name)
        for series in {*said, *more}:
            there = said.get(series, known.get(series, ()))
            await buffer.held_now(self.name, series, joined((*there, *self._left.get(series, ()))))

    def _numbers(self) -> Mapping[int, int]:
        """The device's own number of a series by the number that the other side knows it by."""
        if self._masks:
            return self._means.departures.series(self.name)
        return {one: one for one in self._series()}

    def _series(self) -> Collection[int]:
        self._words.look()
        return self._words.series("" if self.delivery is None else self.delivery.series)

    @staticmethod
    def _put(into: dict[int, Ranges], series: int, ranges: Ranges) -> None:
        into[series] = joined((*into.get(series, ()), *ranges))

    # --- what is to be done -------------------------------------------------------------------------------------------

    def _wanted(self, *, young: bool = False) -> dict[int, Ranges]:
        """The kept readings that the other side has not, by series; also those that are too `young`."""
        held, found = self._means.buffer.held(self.name), dict[int, Ranges]()
        mine = self._series()
        for series, kept in self._means.buffer.series().items():
            if series not in mine:
                continue
            less = (
                *held.get(series, ()),
                *self._stuck.get(series, ()),
                *(() if young else self._waiting.get(series, ())),
            )
            if wanted := without(kept, joined(less)):
                found[series] = wanted
        return found

    def _tops(self) -> dict[int, int]:
        """The newest reading of each series that the other side has."""
        return {series: ranges[-1][1] for series, ranges in self._means.buffer.held(self.name).items() if ranges}

    def _gaps(self) -> Sequence[Gap]:
        """Reports that the other side has not had."""
        after = int(self._means.buffer.get(_GAPS + self.name) or b"0")
        found = self._means.buffer.gaps(after)[:_MOST_GAPS]
        mine = self._series()
        return [gap for gap in found if gap.series in mine]


def _told(answer: Answer) -> LinkError:
    """What an answer means that is none: later, in any case. What was sent is kept until somebody takes it."""
    match answer.status:
        case 401:
            return LinkError("sync.token", max(answer.wait, 30))
        case 403 | 404:
            return LinkError("sync.unwelcome", max(answer.wait, 60), status=str(answer.status))
        case 429 | 503:
            return LinkError("sync.busy", answer.wait)
        case 409:
            return LinkError("sync.legend")
        case _:
            return LinkError("sync.answer", answer.wait, status=str(answer.status))


class Sync:
    """All lines of a device."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._words = Words(means.buffer, means.sealer)
        self._lines: dict[str, tuple[Line, asyncio.Task[None]]] = {}
        self._awake = asyncio.Event()
        self._tidied = 0

    async def run(self) -> None:
        """Keep a line to everybody who is to have readings, until cancelled."""
        try:
            while True:
                self._awake.clear()
                await self._lay()
                await self._means.buffer.forget_delivered(self._needed())
                waiting = [asyncio.ensure_future(self._awake.wait()), asyncio.ensure_future(self._means.sleep(_IDLE))]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for one in waiting:
                    one.cancel()
        finally:
            for _, task in self._lines.values():
                task.cancel()
            await asyncio.gather(*(task for _, task in self._lines.values()), return_exceptions=True)
            self._lines.clear()

    def wake(self) -> None:
        """New readings are in the buffer, or there are new orders."""
        self._awake.set()
        for line, _ in self._lines.values():
            line.wake()

    def standing(self) -> list[Standing]:
        """How each line stands, that to the device's own node first."""
        return [line.standing() for line, _ in self._lines.values()]

    async def drained(self) -> None:
        """Returns when no line has anything to do, or can do anything, now."""
        self.wake()
        await self._lay()
        for line, _ in list(self._lines.values()):
            await line.idle.wait()

    async def _lay(self) -> None:
        """Lines as the orders want them. What a consumer has that is none any more is forgotten."""
        orders = self._means.orders()
        wanted: dict[str, Delivery | None] = {HOME: None}
        wanted |= {one.id: one for one in (orders.deliveries if orders is not None else ())}
        ended = [self._lines.pop(id) for id in self._lines.keys() - wanted.keys()]
        for id, delivery in wanted.items():
            if id not in self._lines:
                line = Line(self._means, self._words, delivery)
                self._lines[id] = (line, asyncio.get_running_loop().create_task(line.run()))
            elif self._lines[id][0].delivery != delivery:
                self._lines[id][0].wake(delivery)
        names = {line.name for line, _ in self._lines.values()}
        for line, task in ended:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if line.name not in names:
                await self._means.buffer.dismiss(line.name)
        if orders is not None:
            await self._forget(orders)

    async def _forget(self, orders: Orders) -> None:
        """Forget names and keys of contracts that are over for good, whenever that came to be."""
        lasting = orders.agreements
        if lasting is None or orders.number == self._tidied:
            return
        # What cannot be written now is done at the next look.
        with contextlib.suppress(EdgeError):
            await self._means.departures.keep({*lasting, *(one.agreement for one in orders.deliveries)})
            self._tidied = orders.number

    def _needed(self) -> dict[int, list[str]]:
        """Who is to have a series, for each that there is."""
        self._words.look()
        orders = self._means.orders()
        deliveries = orders.deliveries if orders is not None else ()
        return {
            number: [HOME, *(one.agreement for one in deliveries if one.series == series.name)]
            for number, series in self._words.series("").items()
        }
