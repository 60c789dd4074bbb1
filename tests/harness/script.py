"""What a scripted node does in each scenario of the DSP conformance kit: a table, keyed by dataset or agreement id.

What lives here: the ids that the kit's sample configuration uses, and for each the steps that the node under test takes
by itself. What does not: the node (`scripted`), running the kit (`tests.conformance`). Source: the sample configuration
and test documentation of `org.eclipse.dataspacetck.dsp:dsp-tck` 1.0.1.

A script is played in order: its next step is taken a moment after the process has come to stand in the step's state
with nothing under way. A moment, because the kit notes its own moves, learns our pid and registers what it expects
beside what it sends; a message that comes earlier finds nobody there, once and for all. `later` steps follow one of
our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Action = Literal[
    "request", "offer", "accept", "agree", "verify", "finalize", "terminate", "start", "suspend", "complete"
]

KIT = "TCK_PARTICIPANT"
"""The participant that the kit plays."""
CATALOG = ("CAT0101", "CAT0102")


SOON = 0.2
LATER = 0.5


class Play(Struct, frozen=True):
    """One step: in this state do this, after so many seconds."""

    state: str
    action: Action
    wait: float = SOON


def later(state: str, action: Action) -> Play:
    """A step behind one of our own: it waits until the kit expects it."""
    return Play(state, action, LATER)


Script = tuple[Play, ...]

OFFER = Play("REQUESTED", "offer")
AGREE = Play("REQUESTED", "agree")
AGREE_ACCEPTED = Play("ACCEPTED", "agree")
FINALIZE = Play("VERIFIED", "finalize")
ACCEPT = Play("OFFERED", "accept")
VERIFY = Play("AGREED", "verify")
START = Play("REQUESTED", "start")

PROVIDER_NEGOTIATIONS: Mapping[str, Script] = {
    "ACN0101": (OFFER,),
    "ACN0102": (OFFER, Play("REQUESTED", "terminate")),
    "ACN0103": (OFFER, AGREE_ACCEPTED, FINALIZE),
    "ACN0104": (AGREE, FINALIZE),
    "ACN0201": (later("REQUESTED", "terminate"),),
    "ACN0202": (),
    "ACN0203": (AGREE,),
    "ACN0204": (OFFER,),
    "ACN0205": (OFFER, later("OFFERED", "terminate")),
    "ACN0206": (OFFER, later("ACCEPTED", "terminate")),
    "ACN0207": (AGREE, Play("VERIFIED", "terminate")),
    "ACN0301": (AGREE, FINALIZE),
    "ACN0302": (OFFER,),
    "ACN0303": (OFFER,),
    "ACN0304": (OFFER,),
}
CONSUMER_NEGOTIATIONS: Mapping[str, Script] = {
    "ACNC0101": (ACCEPT, VERIFY),
    "ACNC0102": (Play("OFFERED", "request"),),
    "ACNC0103": (Play("OFFERED", "terminate"),),
    "ACNC0104": (VERIFY,),
    "ACNC0201": (),
    "ACNC0202": (later("REQUESTED", "terminate"),),
    "ACNC0203": (Play("AGREED", "terminate"),),
    "ACNC0204": (),
    "ACNC0205": (ACCEPT,),
    "ACNC0206": (VERIFY,),
    "ACNC0301": (),
    "ACNC0302": (),
    "ACNC0303": (),
    "ACNC0304": (ACCEPT,),
    "ACNC0305": (ACCEPT,),
    "ACNC0306": (ACCEPT,),
}
PROVIDER_TRANSFERS: Mapping[str, Script] = {
    "ATP0101": (START, later("STARTED", "terminate")),
    "ATP0102": (START, later("STARTED", "complete")),
    "ATP0103": (START, later("STARTED", "suspend"), later("SUSPENDED", "terminate")),
    "ATP0104": (START, later("STARTED", "suspend"), later("SUSPENDED", "start"), later("STARTED", "complete")),
    "ATP0105": (Play("REQUESTED", "terminate"),),
    "ATP0201": (START,),
    "ATP0202": (START,),
    "ATP0203": (START,),
    "ATP0204": (START,),
    "ATP0205": (),
    "ATP0301": (),
    "ATP0302": (),
    "ATP0303": (START,),
    "ATP0304": (START,),
    "ATP0305": (START,),
    "ATP0306": (START,),
}
CONSUMER_TRANSFERS: Mapping[str, Script] = {
    "ATPC0101": (),
    "ATPC0102": (),
    "ATPC0103": (),
    "ATPC0104": (),
    "ATPC0105": (),
    "ATPC0201": (later("STARTED", "terminate"),),
    "ATPC0202": (later("STARTED", "complete"),),
    "ATPC0203": (later("STARTED", "suspend"), later("SUSPENDED", "terminate")),
    "ATPC0204": (later("STARTED", "suspend"), later("SUSPENDED", "start"), later("STARTED", "complete")),
    "ATPC0205": (later("REQUESTED", "terminate"),),
    "ATPC0301": (),
    "ATPC0302": (),
    "ATPC0303": (),
    "ATPC0304": (),
    "ATPC0305": (),
    "ATPC0306": (),
}
SCRIPTS: Mapping[str, Script] = {
    **PROVIDER_NEGOTIATIONS,
    **CONSUMER_NEGOTIATIONS,
    **PROVIDER_TRANSFERS,
    **CONSUMER_TRANSFERS,
}


def offer_id(dataset: str) -> str:
    """The offer under which the kit asks for a dataset of ours."""
    return f"CD123:{dataset}:456"
