"""What every Identity must do. An adapter's test module subclasses `IdentityContract` and gives the fixtures."""

from __future__ import annotations

from typing import Protocol

import pytest

from connector.errors import UnauthenticatedError
from connector.ports import Caller, Identity


class Pair(Protocol):
    """Two nodes that know each other, and a third that the first does not know."""

    here: Identity
    here_id: str
    there: Identity
    there_id: str
    stranger: Identity


class IdentityContract:
    """Fixture `pair` gives a `Pair`."""

    async def test_a_peers_token_proves_the_peer(self, pair: Pair) -> None:
        caller = await pair.here.verify(await pair.there.token(pair.here_id))
        assert isinstance(caller, Caller)
        assert caller.id == pair.there_id
        assert caller.jti

    async def test_no_token_is_drawn_twice(self, pair: Pair) -> None:
        seen = [await pair.here.verify(await pair.there.token(pair.here_id)) for _ in range(20)]
        assert len({caller.jti for caller in seen}) == 20

    async def test_a_token_for_somebody_else_proves_nothing(self, pair: Pair) -> None:
        with pytest.raises(UnauthenticatedError):
            await pair.here.verify(await pair.there.token("did:web:elsewhere.example"))

    async def test_a_stranger_proves_nothing(self, pair: Pair) -> None:
        with pytest.raises(UnauthenticatedError):
            await pair.here.verify(await pair.stranger.token(pair.here_id))

    @pytest.mark.parametrize(
        "header", [None, "", "Bearer", "Bearer ", "Basic Zm9vOmJhcg==", "Bearer x", "Bearer a.b.c", "x" * 100_000]
    )
    async def test_no_token_proves_nothing(self, pair: Pair, header: str | None) -> None:
        with pytest.raises(UnauthenticatedError) as caught:
            await pair.here.verify(header)
        assert caught.value.reason.code
        assert not caught.value.reason.params, "a code only: nothing of the token is repeated"

    async def test_the_schemes_case_does_not_matter(self, pair: Pair) -> None:
        token = await pair.there.token(pair.here_id)
        assert (await pair.here.verify("bEARER" + token.removeprefix("Bearer"))).id == pair.there_id

    async def test_our_own_token_is_no_callers(self, pair: Pair) -> None:
        with pytest.raises(UnauthenticatedError):
            await pair.here.verify(await pair.here.token(pair.here_id))
