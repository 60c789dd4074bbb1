"""A finding for a reader: what is the matter, and what helps."""

from __future__ import annotations

from typing import Any

from connector.sentences import TEMPLATES, Language, sentence
from policies.model import Reason


def mend(reason: Reason, language: Language) -> str:
    """What helps; empty where nothing is known that does."""
    code = f"mend.{reason.code}"
    return sentence(Reason(code, reason.params), language) if code in TEMPLATES else ""


def told(reason: Reason, language: Language) -> dict[str, Any]:
    """The finding as the management API shows it (`FindingView`)."""
    return {
        "code": reason.code,
        "params": dict(reason.params),
        "sentence": sentence(reason, language),
        "mend": mend(reason, language),
    }
