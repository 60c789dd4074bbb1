"""Who has signed a contract."""

from __future__ import annotations

from connector.http.views.forms import View


class SignedView(View, frozen=True, kw_only=True):
    """Whose signature under the terms is kept here, as flags and as a sentence. A peer whose software does not sign is
    not proved to have agreed."""

    provider: bool
    consumer: bool
    sentence: str
