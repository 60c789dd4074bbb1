"""What every command has in common: `--json`, `--node`, `--lang`, examples in its help, one way to answer.

What lives here: the click classes `Leaf` and `Noun`, and `Call`, which a command gets as its first argument. What does
not: the tree of commands (`tree`), the client (`remote`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from connector.cli.words import Language, speak

if TYPE_CHECKING:
    from connector.cli.remote import Remote

COMMON = ("json", "node", "lang")
"""Options that `Leaf` adds to every command and takes away before the command is called."""


class Call:
    """One call of a command: which node it is about, how the answer is to be written."""

    def __init__(self, *, json: bool, node: str | None, lang: Language) -> None:
        self.json = json
        self.node = node
        self.lang = lang

    @cached_property
    def remote(self) -> Remote:
        """The client of the node that this call is about. Raises `CommandError` where none can be found."""
        from connector.cli.remote import connect

        return connect(self.node, self.lang)

    def answer(self, value: Any, text: Callable[[], str]) -> None:
        """Print the answer: `value` as one line of JSON, or the text for a person."""
        from connector.cli.output import say, say_json

        if self.json:
            from msgspec import json

            say_json(json.encode(value).decode())
        elif shown := text():
            say(shown)


class Leaf(click.Command):
    """A command with examples. `examples` are complete command lines; they stand at the end of its help."""

    def __init__(self, name: str | None, *, examples: Sequence[str] = (), node: bool = True, **given: Any) -> None:
        super().__init__(name, **given)
        self.examples = tuple(examples)
        self.params.append(click.Option(["--json"], is_flag=True, help="Answer with one line of JSON."))
        if node:
            self.params.append(node_option())
        self.params.append(lang_option())

    def invoke(self, ctx: click.Context) -> Any:
        given = {name: ctx.params.pop(name, None) for name in COMMON}
        node = given["node"] or ctx.find_root().params.get("node")
        lang = given["lang"] or ctx.find_root().params.get("lang") or language()
        speak(lang)
        ctx.obj = Call(json=bool(given["json"]), node=node, lang=lang)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Noun(click.Group):
    """A group of commands about one kind of thing."""

    command_class = Leaf


def node_option() -> click.Option:
    """The option that names the node; on the root and on every command that asks one."""
    return click.Option(
        ["--node"],
        metavar="DIR|URL",
        help="The node: its directory or the URL of its management API; default: $ALLMENDE_NODE, "
        "else the only node in the working directory.",
    )


def lang_option() -> click.Option:
    """The option that names the language; on the root and on every command."""
    return click.Option(
        ["--lang"], type=click.Choice(["en", "de"]), help="Language of the answer; default: as the system."
    )


def language() -> Language:
    """`de` or `en`, from $ALLMENDE_LANG or the system's locale variables."""
    for name in ("ALLMENDE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "de" if value.lower().startswith("de") else "en"
    return "en"
