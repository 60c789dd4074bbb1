"""Sentences in German and English for the connector's own reason codes, beside those of the policies.

What lives here: the wording, one template a code, one module a subject, and `sentence`. What does not: filling in
(`policies.explain`), the policies' own codes. A field is `{name}`; a parameter that is missing is shown as "?". Each
sentence says what happened and, where somebody can do something about it, what helps. A test finds every code that the
package raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from connector.sentences import (
    admission,
    approvals,
    audit,
    backup,
    callers,
    certificates,
    contracts,
    credentials,
    descriptions,
    doctor,
    edge,
    events,
    evidence,
    federation,
    flows,
    harvests,
    issuing,
    keys,
    live,
    node,
    peers,
    policies,
    portal,
    problems,
    processes,
    profile,
    queries,
    rdf,
    readings,
    regions,
    search,
    sharing,
    signaling,
    sources,
    trust,
    wire,
)
from connector.sentences.form import Both
from policies import explain
from policies.model import Reason

Language = Literal["de", "en"]

SUBJECTS: Final = (
    admission,
    approvals,
    audit,
    backup,
    callers,
    certificates,
    contracts,
    credentials,
    descriptions,
    doctor,
    edge,
    events,
    evidence,
    federation,
    flows,
    harvests,
    keys,
    issuing,
    live,
    node,
    peers,
    policies,
    portal,
    processes,
    profile,
    queries,
    rdf,
    readings,
    regions,
    search,
    sharing,
    signaling,
    sources,
    trust,
    wire,
)
TEMPLATES: Final[Mapping[str, Both]] = {code: both for subject in SUBJECTS for code, both in subject.TEMPLATES.items()}

_NESTED: Final = ("said", "difference")
"""Parameters that hold the code of another reason: what a peer has said, in which way terms differ."""
_speak: Final = explain.speaker(TEMPLATES)


def sentence(reason: Reason, language: Language) -> str:
    """The sentence for any reason of this node or its policies; a code that nobody knows is shown as it is."""
    inner = (reason.params[name] for name in _NESTED if name in reason.params)
    codes = (reason.code, *_details(reason), *inner)
    params = reason.params
    if language == "de" and "problem" in params:
        params = {**params, "problem": problems.told(str(params["problem"]))}
    return " ".join(_speak(Reason(code, params), language) for code in codes)


def _details(reason: Reason) -> Iterator[str]:
    """What more is said of a reason with this parameter (`CODE.PARAMETER`), or with this value of it (`….VALUE`)."""
    for name, value in reason.params.items():
        yield from (code for code in (f"{reason.code}.{name}", f"{reason.code}.{name}.{value}") if code in TEMPLATES)


def mend(reason: Reason, language: Language) -> str:
    """What helps against what a reason says; empty where nothing is known that does."""
    code = f"mend.{reason.code}"
    return sentence(Reason(code, reason.params), language) if code in TEMPLATES else ""


def language_of(accepted: str) -> Language:
    """The language of a reader from Accept-Language: German where it is named before English, else English."""
    wishes = [wish.strip().lower()[:2] for wish in accepted.split(",")]
    return "de" if "de" in wishes and ("en" not in wishes or wishes.index("de") < wishes.index("en")) else "en"
