"""What a sender of data is answered where its data are not taken: a problem in JSON, in its language.

What lives here: the form. What does not: which status (`inbox` and `readings` say), sentences (`connector.sentences`).
"""

from __future__ import annotations

import msgspec
from aiohttp import web

from connector.sentences import language_of, sentence
from policies.model import Reason

PATIENCE = "30"
"""Seconds after which a sender may try again, where there is no room now."""


def refusal(request: web.Request, reason: Reason, status: int) -> web.Response:
    """The answer, after which the connection ends."""
    language = language_of(request.headers.get("Accept-Language", ""))
    body = {"code": reason.code, "params": reason.params, "sentence": sentence(reason, language)}
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    elif status == 503:
        headers["Retry-After"] = PATIENCE
    answer = web.Response(
        status=status, headers=headers, body=msgspec.json.encode(body), content_type="application/json"
    )
    answer.force_close()  # What is left of the body is not read.
    return answer
