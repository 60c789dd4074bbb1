"""Services of a Gaia-X clearing house over HTTP (GXDCH, second version): registry, notary, compliance.

What lives here: their three calls. What does not: which of them are used (settings), what their answers are worth
(`catalog.descriptions.verifier`, `connector.services.trust.clearing`). All are optional; none is asked unless it is
named in the settings, and all go through the guarded client.
"""

from __future__ import annotations

from connector.ports import Sends

SECONDS = 60.0
"""How long an answer may take: compliance is judged there while we wait."""


class Clearing:
    """See `catalog.descriptions.verifier.Asks`."""

    def __init__(self, peer: Sends, *, private: bool = False) -> None:
        self._peer, self._private = peer, private

    async def ask(self, url: str, body: bytes, media_type: str) -> tuple[int, bytes]:
        """The status and the body of the answer to a POST. Raises `DeliveryError`."""
        reply = await self._peer.send(
            "POST", url, body=body, private=self._private, deadline=SECONDS, fields={"Content-Type": media_type}
        )
        return reply.status, reply.body

    async def get(self, url: str) -> tuple[int, bytes]:
        """The status and the body of the answer to a GET. Raises `DeliveryError`."""
        reply = await self._peer.send("GET", url, private=self._private, deadline=SECONDS)
        return reply.status, reply.body
