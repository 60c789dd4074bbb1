"""What leaves under a transfer, opened by ourselves: for whoever delivers it, where nobody asks over HTTP.

What lives here: from a transfer's asset to the content that may leave. What does not: judging (`data.gate`), what is
done to it (`data.egress`), answering requests (`http.data`).
"""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from connector.data.egress import Egress, Leaving
from connector.data.gate import Ask, Gate
from connector.data.sources import Sources
from connector.errors import RefusedError
from connector.ports import Content
from connector.records import Asset


class Opening:
    """Opens assets of sources of bytes, changed as their contracts want it."""

    def __init__(self, gate: Gate, sources: Sources, egress: Egress) -> None:
        self._gate, self._sources, self._egress = gate, sources, egress

    async def __call__(self, pid: str, asset: Asset, leaving: Leaving | None) -> Content:
        """The content that leaves, to be closed by the caller. Raises as `Sources.open` and `Egress.content` do, and
        `AccessRefusedError` as the gate does: nothing is made for whom it would be refused to."""
        content = await self._sources.open(asset, "")
        if leaving is None:
            return content
        try:
            return await self._changed(pid, asset, leaving, content)
        except BaseException:
            content.close()
            raise

    async def _changed(self, pid: str, asset: Asset, leaving: Leaving, content: Content) -> Content:
        # What was drawn for this content before is gone on with: its use is known by its ETag.
        ask = Ask(asset=asset, chain=leaving.chain.digest, etag=content.etag, resumes=True)
        credential = self._gate.credential(pid)
        allowed = await self._gate.allows(credential, pid, ask)
        if allowed is None or allowed.leaving is None:
            await self._gate.admit(credential, pid, replace(ask, draws=False))  # It says why, and the audit knows.
            raise RefusedError("transform.undone")
        origin = await asyncio.to_thread(self._sources.origin, asset, "")
        return await self._egress.content(replace(allowed.leaving, member="", origin=origin), content)
