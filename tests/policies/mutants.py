"""Mutants of a module: the same source with one thing changed that tells one answer from another.

What lives here: making them, and trying each in a process of its own. What does not: which modules, which tests, the
score (`test_mutants`). This module imports nothing of the project before a mutant has taken its place.

What is changed: comparisons and their boundaries, `and` and `or`, `not`, `is`, `in`, True, False and None, whole
numbers by one, plus and minus, `any` and `all`, `min` and `max`, one alternative of a pattern. What is not:
annotations, decorators, texts.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.util
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

import pytest
from hypothesis import Phase, settings
from msgspec import Struct

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_NAMES: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
_PLAIN: Final = (
    *("-x", "-q", "-W", "ignore", "-c", os.devnull, "--rootdir", ".", "--import-mode=importlib"),
    *("-p", "no:cacheprovider", "--noconftest", "--assert=plain"),
)
"""Pytest without what takes long to start."""
_LAST: Final = 60
"""Seconds after which a mutant counts as hanging."""

Path_ = tuple[tuple[str, int | None], ...]
"""The way to a node: fields, and places in lists."""

Put = Callable[[Any], None]
"""Changes a node."""


class Mutant(Struct, frozen=True):
    """One change: `name` says where and what, and stays the same as long as the function does."""

    name: str
    path: Path_
    put: Put

    def tree(self, source: str) -> ast.Module:
        """The source with the change."""
        mutated = ast.parse(source)
        self.put(_at(mutated, self.path))
        return ast.fix_missing_locations(mutated)


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a source, in its order."""
    tree = ast.parse(source)
    met: dict[str, int] = {}
    for path, place in _places(tree, (), ""):
        for change, put in _changes(_at(tree, path)):
            label = f"{place or '<module>'}: {change}"
            met[label] = met.get(label, 0) + 1
            number = f" #{met[label]}" if met[label] > 1 else ""
            yield Mutant(label + number, path, put)


def _at(tree: Any, path: Path_) -> Any:
    for field, index in path:
        tree = getattr(tree, field)
        tree = tree if index is None else tree[index]
    return tree


def _places(node: ast.AST, path: Path_, place: str) -> Iterator[tuple[Path_, str]]:
    """Every node that may be changed, with the function that it stands in."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        place = f"{place}.{node.name}" if place else node.name
    yield path, place
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "keywords") or _is_type(node, field):
            continue
        children = (
            [(None, value)] if isinstance(value, ast.AST) else enumerate(value) if isinstance(value, list) else ()
        )
        for index, child in children:
            if isinstance(child, ast.AST):
                yield from _places(child, (*path, (field, index)), place)


def _is_type(node: ast.AST, field: str) -> bool:
    """Type aliases (`Path = tuple[str | None, ...]`) answer nothing."""
    return (
        field == "value"
        and isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript | ast.BinOp)
        and (
            isinstance(node.targets[0], ast.Name)
            and node.targets[0].id[:1].isupper()
            and not node.targets[0].id.isupper()
        )
    )


def _changes(node: ast.AST) -> Iterator[tuple[str, Put]]:
    match node:
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                for other in _COMPARISONS[type(operator)]:
                    yield f"{type(operator).__name__} is {other.__name__}", _op(number, other)
        case ast.BoolOp():
            other_bool = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield f"{type(node.op).__name__} is {other_bool.__name__}", _set("op", other_bool())
        case ast.UnaryOp(op=ast.Not()):
            yield "Not twice", _twice
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            other_sign = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
            yield f"{type(node.op).__name__} is {other_sign.__name__}", _set("op", other_sign())
        case ast.Constant(value=bool()):
            yield f"{node.value!r} is {not node.value}", _set("value", not node.value)
        case ast.Constant(value=None):
            yield "None is False", _set("value", False)
            yield "None is True", _set("value", True)
        case ast.Constant(value=int(number)):
            yield f"{number} is one more", _set("value", number + 1)
            yield f"{number} is one less", _set("value", number - 1)
        case ast.Name() if node.id in _NAMES:
            yield f"{node.id} is {_NAMES[node.id]}", _set("id", _NAMES[node.id])
        case ast.MatchOr():
            for number in range(len(node.patterns)):
                yield f"without {ast.unparse(node.patterns[number])}", _without(number)


def _twice(node: Any) -> None:
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _op(number: int, other: type[ast.cmpop]) -> Put:
    def put(node: Any) -> None:
        node.ops[number] = other()

    return put


def _set(field: str, value: Any) -> Put:
    return lambda node: setattr(node, field, value)


def _without(number: int) -> Put:
    def put(node: Any) -> None:
        del node.patterns[number]

    return put


# --- trying them ------------------------------------------------------------------------------------------------------


class _Loader(importlib.abc.Loader):
    """Gives one module the code of a mutant."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module as a mutant."""

    def __init__(self, module: str, path: Path, tree: ast.Module) -> None:
        self._module, self._path, self._code = (
            module,
            path,
            compile(tree, str(path), "exec"),
        )

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=_Loader(self._code))


def _noticed(tests: list[str]) -> bool:
    """Do the cases of the registry, or else these tests, come out otherwise than they should?"""
    from policies.operands import OPERANDS, lacking

    if any(lacking(operand) for operand in OPERANDS.values()):
        return True
    return pytest.main([*_PLAIN, *tests]) != 0


def _survives(module: str, path: Path, tree: ast.Module, tests: list[str]) -> bool:
    """Does nobody notice the mutant, tried in a process of its own? One that cannot even be imported, or hangs, is."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        noticed = True
        try:
            sys.meta_path.insert(0, _Finder(module, path, tree))
            with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
                noticed = _noticed(tests)
        finally:
            os.write(told, b"0" if noticed else b"1")
            os._exit(0)
    os.close(told)
    try:
        if not select.select([ready], [], [], _LAST)[0]:
            os.kill(child, signal.SIGKILL)
        return os.read(ready, 1) == b"1"
    finally:
        os.close(ready)
        os.waitpid(child, 0)


def main(module: str, source: str, *tests: str) -> None:
    """Print the names of the mutants of `module` that nobody notices. Run it in a process that has not imported it.

    Raises `SystemExit` where the tests fail without any mutant.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings.register_profile("mutants", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutants")
    path = Path(source)
    text = path.read_text(encoding="utf-8")
    if not _survives(module, path, ast.parse(text), list(tests)):
        raise SystemExit("the tests fail without any mutant")
    for mutant in mutants(text):
        if _survives(module, path, mutant.tree(text), list(tests)):
            print(mutant.name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
