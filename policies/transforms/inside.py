"""Documents in the cells of a table: what a step takes away or changes is taken there as well.

What lives here: one cell's JSON text as a row of its own (`tree`), and back. What does not: which columns have such
cells (`rows.Schema`), which steps there are (`rows`). What is no JSON raises `ValueError`: nobody knows what is in it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from policies.transforms.numbers import usual
from policies.transforms.table import Change
from policies.transforms.tree import Tree

_decode = msgspec.json.Decoder(float_hook=lambda text: usual(Decimal(text))).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_CELL: Final = "\0"
"""A key that no step has: a cell may be no object, but an array of them."""


def is_document(cell: str) -> bool:
    """Is this the text of something that has keys?"""
    if "{" not in cell or not _may_have_keys(cell):
        return False
    try:
        found = _decode(cell)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError):
        return False
    return isinstance(found, (dict, list))


def _may_have_keys(cell: str) -> bool:
    return cell.lstrip()[:1] in ("{", "[")


def document(tree: Tree) -> Change:
    """What a tree does to the text of a cell; nothing (`""`, null) stays nothing, and what has no keys as it is."""
    treat = tree.treatment()

    def changed(value: Any) -> Any:
        if value is None or value == "" or (isinstance(value, str) and not _may_have_keys(value)):
            return value
        try:
            row = {_CELL: _decode(value)}
        except msgspec.MsgspecError:
            raise ValueError("no JSON") from None
        return _encode(treat(row)[_CELL]).decode()

    return changed
