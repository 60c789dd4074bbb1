"""What a command says when it cannot do its work. Exit status 1; status 2 is click's own `UsageError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CommandError(Exception):
    """One plain sentence: what happened, why, and what helps. `code` and `params` are for `--json`.

    `answer` is what the command has to show all the same; with `--json` the error stands in it as one more member.
    """

    def __init__(
        self,
        sentence: str,
        code: str = "failed",
        params: Mapping[str, str] | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.params = dict(params or {})
        self.answer = dict(answer or {})
