"""Keys of others that have changed."""

from __future__ import annotations

from connector.http.views.forms import Input, View


class ComparedWords(Input, frozen=True, kw_only=True):
    """The words of the new keys, as the other side has told them by telephone or in person."""

    words: str


class ComparedKeysView(View, frozen=True, kw_only=True):
    """Whose keys are believed from now on, and their words."""

    id: str
    name: str
    words: str
