"""What every Proofs must do. An adapter's test module subclasses `ProofsContract` and gives the fixture."""

from __future__ import annotations

from typing import Protocol

import pytest

from connector.errors import NodeError, UnauthenticatedError
from connector.ports import Proofs


class Strangers(Protocol):
    """Two nodes that can find each other's document and know nothing more, and one whose document nobody can find."""

    here: Proofs
    here_id: str
    there: Proofs
    there_id: str
    hidden: Proofs


class ProofsContract:
    """Fixture `strangers` gives `Strangers`."""

    async def test_a_strangers_token_proves_its_did(self, strangers: Strangers) -> None:
        caller = await strangers.here.bare(await strangers.there.introduce(strangers.here_id))
        assert (caller.id, caller.bare, caller.grant, caller.code) == (strangers.there_id, True, "", "")
        assert caller.jti

    async def test_what_it_was_given_comes_with_it(self, strangers: Strangers) -> None:
        token = await strangers.there.introduce(strangers.here_id, grant="pass", code="code")
        caller = await strangers.here.bare(token)
        assert (caller.grant, caller.code) == ("pass", "code")

    async def test_no_token_is_drawn_twice(self, strangers: Strangers) -> None:
        drawn = {(await strangers.here.bare(await strangers.there.introduce(strangers.here_id))).jti for _ in range(9)}
        assert len(drawn) == 9

    async def test_a_token_for_somebody_else_proves_nothing(self, strangers: Strangers) -> None:
        with pytest.raises(UnauthenticatedError):
            await strangers.here.bare(await strangers.there.introduce("did:web:elsewhere.example"))

    async def test_whose_document_nobody_finds_proves_nothing(self, strangers: Strangers) -> None:
        with pytest.raises(UnauthenticatedError):
            await strangers.here.bare(await strangers.hidden.introduce(strangers.here_id))

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic Zm9vOmJhcg==", "Bearer a.b.c"])
    async def test_no_token_proves_nothing(self, strangers: Strangers, header: str | None) -> None:
        with pytest.raises(NodeError) as caught:
            await strangers.here.bare(header)
        assert isinstance(caught.value, UnauthenticatedError)
        assert not caught.value.reason.params
