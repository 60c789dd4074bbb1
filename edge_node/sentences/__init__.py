"""Sentences in German and English for the codes of a device.

What lives here: the wording, one module a subject, and `sentence`. What does not: filling in (`policies.explain`), the
sentences of the node (`connector.sentences`), which a device never loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from edge_node.sentences import (
    buffer,
    decoding,
    duties,
    enrolment,
    intake,
    link,
    orders,
    packages,
    settings,
    sources,
    sync,
)
from policies.model import Reason
from policies.saying import Both

if TYPE_CHECKING:
    from policies.explain import Speaker

SUBJECTS: Final = (buffer, decoding, duties, enrolment, intake, link, orders, packages, settings, sources, sync)
TEMPLATES: Final[Mapping[str, Both]] = {code: both for subject in SUBJECTS for code, both in subject.TEMPLATES.items()}


def sentence(code: str, params: Mapping[str, str], language: Literal["de", "en"]) -> str:
    """The sentence for a code of a device or of the policies; one that nobody knows is shown as it is."""
    return _speak()(Reason(code, dict(params)), language)


@cache
def _speak() -> Speaker:
    from policies import explain  # Vocabularies and all: for commands, not for the agent.

    return explain.speaker(TEMPLATES)
