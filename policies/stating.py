"""What an access states of itself beyond purpose and place: how long the data will be kept, on which legal basis ...

What lives here: the form in which it travels and stands in the audit, `OPERAND=VALUE` pairs joined by `&`, both escaped
(the URL Standard's `application/x-www-form-urlencoded`). What does not: whether anybody believes it. A consumer's word
counts only for operands that are the consumer's to state (`data.known`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

FIELD: Final = "Allmende-Stated"
"""The header of a request for data."""
_MOST: Final = 64
_LONGEST: Final = 4096


def read(text: str) -> Mapping[str, tuple[str, ...]]:
    """The values by operand; nothing at all where the text cannot be read, or says more than anybody needs to."""
    if len(text) > _LONGEST:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for left, value in pairs:
        found[left] = (*found.get(left, ()), value)
    return found


def written(values: Mapping[str, tuple[str, ...]]) -> str:
    """The text that `read` reads; it has neither blanks nor anything beyond ASCII."""
    return urlencode([(left, value) for left in sorted(values) for value in values[left]])
