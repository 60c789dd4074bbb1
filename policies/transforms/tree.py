"""Rows as JSON objects: what the steps of a chain do to them, at any depth.

What lives here: fields by key or pointer, and one function a row made of everything that has to be done. What does not:
reading and writing JSON (`documents`), which steps there are (`rows`).

A key names what stands under it wherever it occurs in the row, and where something is taken away or changed also what
stands under one that a person would take for it (`table.similar`). An object has no headings, so whether a field is
there at all is known at the end: one that no row has had is most likely misspelt, and refuses the whole (`unmet`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from policies.model import PolicyError, Reason
from policies.transforms.table import Change, Holds, Pair, alike, similar

_BOX: Final = "bbox"
_GONE: Final = object()
_KEPT: Final = 4096


class Tree:
    """What is to be done to rows that are JSON objects. Of one run: it remembers which fields it has met; `declared`
    are those that are known to be there, whether or not one of the rows has them."""

    def __init__(self, declared: Sequence[str] = ()) -> None:
        self._filters: list[Holds] = []
        self._keys: dict[str, Change] = {}
        self._looked: dict[str, Change | None] = {}
        self._pointers: list[tuple[tuple[str, ...], Change]] = []
        self._pairs: list[tuple[str, str, Pair]] = []
        self._dropped: set[str] = set()
        self._named: set[str] = set()
        self._met: set[str] = {alike(name) for name in declared}
        self._rows = 0

    columns: tuple[str, ...] = ()

    def leaves(self, field: str) -> bool:
        """Is this a field that is not dropped?"""
        return not any(_same(field, gone) or _below(field, gone) for gone in self._dropped)

    def pick(self, field: str) -> Change:
        """The one value of a field in a row; the function raises `ValueError` where there is none or several."""

        def one(row: Any) -> Any:
            found = list(_values(row, field))
            if len(found) != 1 or isinstance(found[0], (dict, list)):
                raise ValueError("not one value")
            return found[0]

        return one

    def keep_if(self, field: str, holds: Holds) -> None:
        """Only rows with such a value go on."""
        pick = self.pick(field)
        self._filters.append(lambda row: holds(pick(row)))

    def drop(self, field: str) -> None:
        """The field does not leave."""
        self._dropped.add(field)
        self._put(field, lambda value: _GONE)

    def replace(self, field: str, by: Any) -> None:
        """The field leaves with this in it, whatever stood there."""
        self._put(field, lambda value: by)

    def change(self, field: str, change: Change) -> None:
        """The field leaves changed; of an array, each of its elements."""
        self._put(field, _each(change))

    def change_pair(self, first: str, second: str, pair: Pair) -> None:
        """Two fields that stand beside each other are changed together, after everything else."""
        self._named.update((alike(first), alike(second)))
        self._pairs.append((first, second, pair))

    def treatment(self) -> Callable[[Any], Any]:
        """What is done to one row, in place: the row, or None where it does not go on. Raises `ValueError` for a row
        that cannot be treated."""
        filters, pointers, pairs = tuple(self._filters), tuple(self._pointers), tuple(self._pairs)

        def treat(row: Any) -> Any:
            if not isinstance(row, dict):
                raise ValueError("no object")  # noqa: TRY004 - a row that cannot be treated, as others
            self._rows += 1
            if not all(holds(row) for holds in filters):
                return None
            if self._keys:
                self._walk(row)
            for parts, change in pointers:
                if _at(row, parts, change):
                    self._met.add(_pointer(parts))
            for first, second, pair in pairs:
                self._pair(row, first, second, pair)
            return row

        return treat

    def shown(self) -> Callable[[Any], Any]:
        """What leaves of a treated row: all that is still in it."""
        return lambda row: row

    def unmet(self) -> None:
        """Raises `PolicyError` where there were rows and one of the fields was in none of them."""
        if self._rows and (missing := sorted(self._named - self._met)):
            raise PolicyError(Reason("transform.column", {"field": missing[0]}))

    @staticmethod
    def summary(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
        """How a row of statistics looks."""
        return lambda values: dict(zip(names, values, strict=True))

    def _put(self, field: str, change: Change) -> None:
        self._named.add(alike(field))
        if field.startswith("/"):
            self._pointers.append((_parts(field), change))
        elif (first := self._keys.get(similar(field))) is not None:
            self._keys[similar(field)] = _then(first, change)
        else:
            self._keys[similar(field)] = change

    def _walk(self, row: Any) -> None:
        """Change what stands under the keys, at every depth; what was changed is not looked into again."""
        stack, looked, met = [row], self._looked, self._met
        while stack:
            node = stack.pop()
            if isinstance(node, list):
                stack += [one for one in node if isinstance(one, (dict, list))]
                continue
            for name in list(node):
                if name not in node:
                    continue  # a box that went with its shape
                value = node[name]
                if (change := looked[name] if name in looked else self._look(name)) is not None:
                    met.add(alike(name))
                    _set(node, name, change(value))
                elif isinstance(value, (dict, list)):
                    stack.append(value)

    def _look(self, name: str) -> Change | None:
        """What is done to what stands under a key."""
        change = self._keys.get(similar(name))
        if len(self._looked) < _KEPT:
            self._looked[name] = change
        return change

    def _pair(self, row: Any, first: str, second: str, pair: Pair) -> None:
        for node, name, other in _beside(row, first, second):
            node[name], node[other] = pair(node[name], node[other])
            self._met.update((alike(first), alike(second)))


def _set(node: dict[str, Any], name: str, value: Any) -> None:
    """Put a changed value in its place. A shape says where it lies a second time, in its box."""
    if value is _GONE:
        if name == "geometry" and node.get("type") == "Feature":
            # A feature has to have this member (RFC 7946, 3.2); null says that it lies nowhere.
            node[name] = None
        else:
            del node[name]
    else:
        node[name] = value
    if name == "geometry" and node.get("type") == "Feature":
        node.pop(_BOX, None)


def _each(change: Change) -> Change:
    def changed(value: Any) -> Any:
        return [changed(one) for one in value] if isinstance(value, list) else change(value)

    return changed


def _then(first: Change, then: Change) -> Change:
    def both(value: Any) -> Any:
        made = first(value)
        return made if made is _GONE else then(made)

    return both


def _parts(field: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in alike(field)[1:].split("/"))


def _pointer(parts: Sequence[str]) -> str:
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def _under(node: dict[str, Any], name: str) -> list[str]:
    """The keys of an object that look like this name."""
    found = [name] if name in node else []
    return found if name.isascii() else [key for key in node if alike(key) == name]


def _around(node: dict[str, Any], name: str) -> list[str]:
    """The keys of an object that a person would take for this name."""
    wanted = similar(name)
    return [key for key in node if similar(key) == wanted]


def _same(field: str, other: str) -> bool:
    """Would a person take one for the other?"""
    return similar(field) == similar(other)


def _below(field: str, gone: str) -> bool:
    """Does a field lie within another that does not leave?"""
    if gone.startswith("/"):
        return similar(field).startswith(similar(gone) + "/")
    return similar(gone) in map(similar, _parts("/" + field.removeprefix("/")))


def _nodes(
    row: Any, parts: Sequence[str], keys: Callable[[dict[str, Any], str], list[str]]
) -> Iterator[dict[str, Any]]:
    """The objects that a pointer's parts lead to, through every array on the way; `keys` are those of a part."""
    if isinstance(row, list):
        for one in row:
            yield from _nodes(one, parts, keys)
    elif isinstance(row, dict):
        if not parts:
            yield row
            return
        for key in keys(row, parts[0]):
            yield from _nodes(row[key], parts[1:], keys)


def _at(row: Any, parts: tuple[str, ...], change: Change) -> bool:
    met = False
    for node in list(_nodes(row, parts[:-1], _around)):
        for key in _around(node, parts[-1]):
            met = met or alike(key) == parts[-1]
            _set(node, key, change(node[key]))
    return met


def _every(row: Any) -> Iterator[dict[str, Any]]:
    """Every object in a row, at any depth."""
    stack = [row]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack += [one for one in node.values() if isinstance(one, (dict, list))]
        else:
            stack += [one for one in node if isinstance(one, (dict, list))]


def _values(row: Any, field: str) -> Iterator[Any]:
    if not field.startswith("/"):
        yield from (node[key] for node in _every(row) for key in _under(node, alike(field)))
        return
    parts = _parts(field)
    yield from (node[key] for node in _nodes(row, parts[:-1], _under) for key in _under(node, parts[-1]))


def _beside(row: Any, first: str, second: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """The objects that have both fields. Raises `ValueError` where one of the two stands alone."""
    if first.startswith("/") != second.startswith("/"):
        raise ValueError("two fields that do not stand beside each other")
    if first.startswith("/"):
        one, two = _parts(first), _parts(second)
        if one[:-1] != two[:-1]:
            raise ValueError("two fields that do not stand beside each other")
        nodes, name, other = list(_nodes(row, one[:-1], _around)), one[-1], two[-1]
    else:
        nodes, name, other = list(_every(row)), first, second
    for node in nodes:
        if (name in node) != (other in node):
            raise ValueError("one of two fields stands alone")
        if any(key not in (name, other) for key in (*_around(node, name), *_around(node, other))):
            raise ValueError("two fields that nobody could tell apart")
        if name in node:
            yield node, name, other
