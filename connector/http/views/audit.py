"""The audit log."""

from __future__ import annotations

from collections.abc import Mapping

from connector.http.views.forms import ReasonView, View


class EntryView(View, frozen=True, kw_only=True):
    """One audit entry: its leaf index and hash (hex), what happened, by whom, when."""

    index: int
    at: int
    event: str
    actor: str
    params: Mapping[str, str]
    leaf: str


class VerdictView(View, frozen=True, kw_only=True):
    """Whether the audit is whole: recomputed from the entries, against the own head and those that peers hold.

    `agreeing` are the peers whose kept head is borne out, `silent` those that could not be asked.
    """

    ok: bool
    entries: int
    root: str
    findings: tuple[ReasonView, ...]
    agreeing: tuple[str, ...]
    silent: tuple[str, ...]
