"""Names of things: as arguments and in paths, with completion that asks the node, within a second and silently.

A name that cannot be completed (no node, no credential, nothing there) completes to nothing.
"""

from __future__ import annotations

import contextlib
import re
from urllib.parse import quote

import click
from click.shell_completion import CompletionItem

from connector.cli.errors import CommandError
from connector.cli.words import either


def segment(name: str) -> str:
    """A name or id as one segment of a path of the management API."""
    return quote(name, safe="")


class Name(click.ParamType[str]):
    """A name or id of a listed thing; `path` is its list in the management API, `key` the field to complete."""

    def __init__(self, what: str, path: str, key: str) -> None:
        self.name = what
        self._path, self._key = path, key

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from connector.cli.remote import connect

        place = ctx.params.get("node") or ctx.find_root().params.get("node")
        with contextlib.suppress(CommandError, KeyError, TypeError):
            items = connect(place, timeout=1.0).get(self._path)["items"]
            values = [self._value(item) for item in items]
            return [CompletionItem(value) for value in values if value.startswith(incomplete)]
        return []

    def _value(self, item: dict[str, str]) -> str:
        value = item[self._key]
        return value[-8:] if value.startswith("urn:uuid:") else value


class Days(click.ParamType[float]):
    """A length of time as people write it: `14d`, `36h`. Given as days."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,4})([dh])", value)
        if found is None or not int(found[1]):
            self.fail(
                either(
                    f"{value!r} is no length of time; say for example 14d or 36h.",
                    f"{value!r} ist keine Dauer; sagen Sie etwa 14d oder 36h.",
                ),
                param,
                ctx,
            )
        return int(found[1]) / (1 if found[2] == "d" else 24)


DAYS = Days()
PEER = Name("peer", "/peers", "name")
ASSET = Name("asset", "/assets", "name")
SOURCE = Name("source", "/sources", "name")
POLICY = Name("policy", "/policies", "name")
STATEMENT = Name("operand", "/statements", "operand")
FRAME = Name("frame", "/frames", "name")
OFFER = Name("offer", "/offers", "id")
NEGOTIATION = Name("negotiation", "/negotiations", "id")
CONTRACT = Name("contract", "/contracts", "id")
TRANSFER = Name("transfer", "/transfers", "id")
SUBSCRIPTION = Name("subscription", "/subscriptions", "id")
MEMBER = Name("member", "/region/members", "name")
REGION = Name("region", "/regions", "name")
CREDENTIAL = Name("credential", "/credentials", "id")
OPERATOR = Name("operator", "/operators", "name")
