"""Planes of others that operators have registered: data planes that we drive, control planes that drive us.

What lives here: adding, changing and removing them. What does not: proving that one calls (`connector.http.planes`).
Source: Eclipse Data Plane Signaling 1.0-RC3, Registration: by configuration, and by the plane itself over the endpoint.

A plane may say where it is and what it serves, but not that it is one: an operator has said so before, with the proof
that it shows. INVARIANT: no secret is ever taken from the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from connector.errors import InputError, MessageError, RefusedError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import Entry, Plane
from connector.services.approval.naming import named

_PUBLIC = ("jwks", "jwksUri", "tokenEndpoint", "clientId")
"""What a plane may change of its own authorization: nothing that is secret."""


class RegisteredPlanes:
    """`check` says whether a plane can be spoken to, `gone` ends what a plane had under way, in its transaction."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        check: Callable[[Plane], None],
        gone: Callable[[Transaction, str], None],
    ) -> None:
        self._store, self._clock, self._check, self._gone = store, clock, check, gone

    async def add(
        self,
        operator: str,
        *,
        id: str,
        endpoint: str,
        authorization: Mapping[str, Any],
        profiles: Sequence[str] = (),
        private: bool = False,
        agreements: str = "",
    ) -> Plane:
        """Keep a plane, in the place of one with the same id. Raises `InputError` where it could not be spoken to, or
        a secret stands where a reference to one belongs."""
        named(id)
        plane = Plane(
            id=id,
            endpoint=endpoint.rstrip("/"),
            authorization=dict(authorization),
            profiles=tuple(profiles),
            private=private,
            agreements=agreements,
            added=self._clock.now(),
            added_by=operator,
        )
        self._check(plane)
        await self._store.write(lambda tx: _put(tx, plane, operator, "plane.added"))
        return plane

    async def update(
        self,
        caller: Plane,
        id: str,
        *,
        endpoint: str,
        authorization: JsonObject | UnsetType,
        profiles: Sequence[str] = (),
        labels: Sequence[str] = (),
    ) -> None:
        """A plane that has proved itself says what is true of it now (replace semantics).

        Raises `RefusedError` where it speaks of another one, `MessageError` where it sends a secret or another type of
        authorization, or could not be spoken to any more.
        """
        if id != caller.id:
            raise RefusedError("plane.other")
        said = {} if authorization is UNSET else authorization
        if said.get("type", caller.authorization.get("type")) != caller.authorization.get("type"):
            raise MessageError("plane.type", place="/authorization/type")
        public = {name: value for name, value in said.items() if name in _PUBLIC}
        after = replace(
            caller,
            endpoint=endpoint.rstrip("/"),
            authorization={**caller.authorization, **public},
            profiles=tuple(profiles),
            labels=tuple(labels),
        )
        try:
            self._check(after)
        except InputError as error:
            raise MessageError("plane.unusable", problem=error.reason.code) from None
        await self._store.write(lambda tx: _put(tx, after, caller.id, "plane.updated"))

    async def remove(self, actor: str, id: str) -> None:
        """Know it no longer; what it had under way ends. Raises `InputError` where there is none."""

        def act(tx: Transaction) -> None:
            _get(tx, id)
            self._gone(tx, id)
            tx.delete(Plane, id)
            tx.record(Entry(event="plane.removed", actor=actor, params={"plane": id}))

        await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = 100) -> list[Plane]:
        """Planes in the order of their ids."""
        return await self._store.read(lambda view: view.select(Plane, after=after, limit=limit))

    async def get(self, id: str) -> Plane:
        """Raises `InputError`."""
        return await self._store.read(lambda view: _get(view, id))


def _get(view: Reading, id: str) -> Plane:
    plane = view.get(Plane, id)
    if plane is None:
        raise InputError("plane.unknown", id=id)
    return plane


def _put(tx: Transaction, plane: Plane, actor: str, event: str) -> None:
    tx.put(plane)
    tx.record(Entry(event=event, actor=actor, params={"plane": plane.id, "endpoint": plane.endpoint}))
