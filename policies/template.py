"""Templates: policies that a municipality starts from, as questions with defaults and the short form that they fill.

What lives here: loading a template, asking, filling it. What does not: the templates themselves (`templates/`), the
short form (`short`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from policies.model import Policy


class Question(Struct, frozen=True):
    """One question: `key` in the answers, the text to ask, what helps to answer, and what counts if nothing is said."""

    key: str
    text: str
    help: str
    default: str


class Made(Struct, frozen=True):
    """What a filled template gives: the policy, and the text of the small file that says it."""

    policy: Policy
    text: str


def names() -> tuple[str, ...]:
    """The names of all templates, in order."""
    raise NotImplementedError


def questions(name: str, lang: str) -> tuple[Question, ...]:
    """What to ask for a template, in order. Raises `PolicyError` for a name that is not known."""
    raise NotImplementedError


def make(name: str, answers: Mapping[str, str]) -> Made:
    """The template with these answers; what is not answered is the default.

    Raises `PolicyError`: no such template, an answer to nothing that is asked, an answer that cannot be read.
    """
    raise NotImplementedError
