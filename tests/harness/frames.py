"""A frame contract with anybody, so that a test's node answers at once where the test is not about people.

What lives here: `AT_ONCE`, the rule to publish with, and the ways to have its frame contract kept. What does not: frame
contracts themselves (`connector.services.approval.frames`).
"""

from __future__ import annotations

from connector.ports import Transaction
from connector.records import Approval, Frame
from connector.services.approval.frames import Frames

NAME = "open-data"
DOCUMENT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
AT_ONCE = Approval(frame=NAME)
BODY = {
    "name": NAME,
    "title": "Open data",
    "file_number": "T-1",
    "hash": DOCUMENT,
    "signatories": ["The council"],
    "anybody": True,
}
"""For `POST /v1/frames`; an offer under it has `"approval": {"frame": NAME}`."""


async def at_once(frames: Frames) -> Approval:
    """Keep the frame contract where it is not kept yet; the rule under which to publish."""
    if all(one.id != NAME for one in await frames.select()):
        await frames.add(
            "mayor",
            NAME,
            title="Open data",
            file_number="T-1",
            hash=DOCUMENT,
            signatories=["The council"],
            anybody=True,
        )
    return AT_ONCE


def keep(tx: Transaction) -> None:
    """The same inside a transaction."""
    tx.put(
        Frame(
            id=NAME,
            title="Open data",
            file_number="T-1",
            hash=DOCUMENT,
            signatories=("The council",),
            anybody=True,
            added=0,
            added_by="mayor",
        )
    )
