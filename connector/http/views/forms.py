"""Shapes that all views share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="A short name")]
Text = Annotated[str, Meta(max_length=4000)]
Iri = Annotated[str, Meta(min_length=1, max_length=2048)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2048)]
Limit = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(ge=0, le=60)]


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body or the query of a request."""


class View(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """An answer."""


class Page(View, Generic[T], frozen=True, kw_only=True):
    """One page of a list; `next` goes into `after` for the following one."""

    items: tuple[T, ...]
    next: str | None = None


class ReasonView(View, frozen=True, kw_only=True):
    """Why: a stable code, its parameters, and a sentence in the reader's language (Accept-Language: de or en)."""

    code: str
    params: Mapping[str, str]
    sentence: str


class Problem(View, frozen=True, kw_only=True):
    """Why a request failed (RFC 9457 with the members `code`, `params`, `sentence`)."""

    status: int
    title: str
    code: str
    params: Mapping[str, str]
    sentence: str
