"""What has happened, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from connector.http.views.forms import Input, Limit, Seconds, View


class EventsQuery(Input, frozen=True, kw_only=True):
    """Events behind the log's entry `after`; -2 begins at its end. Long poll of at most `wait` seconds."""

    after: int = -1
    limit: Limit = 100
    wait: Seconds = 0.0
    least: Literal["note", "attention", "alarm"] = "note"


class EventView(View, frozen=True, kw_only=True):
    """One event: the index of its audit entry, when, how much it matters, and a sentence in the reader's language."""

    index: int
    at: int
    event: str
    importance: str
    params: Mapping[str, str]
    sentence: str


class EventsView(View, frozen=True, kw_only=True):
    """Events in order; `next` goes into `after` for those that follow, whether or not there were any."""

    items: tuple[EventView, ...]
    next: int
