"""What is wrong with a node, and the mend."""

from __future__ import annotations

from collections.abc import Mapping

from connector.http.views.forms import View


class FindingView(View, frozen=True, kw_only=True):
    """One fault: a stable code with parameters, what is the matter and what helps, in the reader's language."""

    code: str
    params: Mapping[str, str]
    sentence: str
    mend: str


class ExaminedView(View, frozen=True, kw_only=True):
    """What was found, the first to mend first; empty where all is well. `running` tells whether the node ran."""

    running: bool
    findings: tuple[FindingView, ...]


class ProbedView(View, frozen=True, kw_only=True):
    """What `peer` (its name) found on the way back to this node; `broken` is the first broken link, None for none."""

    peer: str
    broken: FindingView | None
