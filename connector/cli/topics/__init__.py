"""`allmende help`: topics in English and German, one text file each, and pictures made from the program's tables.

A topic is `NAME.en.txt` and `NAME.de.txt` beside this file. Pictures are drawn from `connector.protocol` and
`policies.vocabulary`, so that they cannot differ from what the node does.
"""

from __future__ import annotations

from pathlib import Path

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import table
from connector.cli.words import either

HERE = Path(__file__).parent
PICTURES = ("negotiation", "policies", "transfer")


def topics() -> list[str]:
    """The names of all topics."""
    return sorted(path.name.removesuffix(".en.txt") for path in HERE.glob("*.en.txt"))


@click.command(
    "help",
    cls=Leaf,
    node=False,
    examples=["allmende help", "allmende help start", "allmende help contracts --lang de"],
)
@click.argument("topic", required=False)
@click.pass_obj
def help_(call: Call, topic: str | None) -> None:
    """Read about TOPIC, in English or German; without one, list the topics. For commands: allmende COMMAND --help."""
    if topic is None:
        rows = [{"topic": name, "about": read(name, call.lang).splitlines()[0]} for name in topics()]
        call.answer(rows, lambda: table(rows, {"topic": "topic", "about": "about"}, ""))
        return
    if topic not in topics():
        known = ", ".join(topics())
        said = either(
            f"There is no topic {topic!r}. There are: {known}.", f"Ein Thema {topic!r} gibt es nicht. Es gibt: {known}."
        )
        raise CommandError(said, "topic.unknown")
    text = read(topic, call.lang)
    call.answer({"topic": topic, "lang": call.lang, "text": text}, lambda: text.rstrip("\n"))


def read(topic: str, lang: str) -> str:
    """The text of a topic, with its picture where it has one."""
    text = (HERE / f"{topic}.{lang}.txt").read_text("utf-8")
    return f"{text}\n{picture(topic, lang)}\n" if topic in PICTURES else text


def picture(name: str, lang: str) -> str:
    """The state machine of a process as a table, made from the one that the node obeys; or the purposes."""
    if name == "policies":
        return _purposes(lang)
    from connector.protocol.machine import Role
    from connector.protocol.negotiation import NEGOTIATION
    from connector.protocol.transfer import TRANSFER

    machine = NEGOTIATION if name == "negotiation" else TRANSFER
    who = {
        "en": {Role.CONSUMER: "consumer", Role.PROVIDER: "provider"},
        "de": {Role.CONSUMER: "Nehmer", Role.PROVIDER: "Geber"},
    }
    begin = {"en": "(begin)", "de": "(Beginn)"}[lang]
    rows = [
        {
            "from": begin if state is None else str(state),
            "who": " / ".join(who[lang][role] for role in Role if role in (rule.sent_by or rule.accepted_from)),
            "move": str(move),
            "to": str(rule.to),
        }
        for state, moves in machine.table.items()
        for move, rule in moves.items()
    ]
    heads = {
        "en": {"from": "state", "who": "who", "move": "says", "to": "then"},
        "de": {"from": "Zustand", "who": "wer", "move": "sagt", "to": "danach"},
    }
    return table(rows, heads[lang], "")


def _purposes(lang: str) -> str:
    """The purposes that are understood, with what each belongs to."""
    from policies.vocabulary import PURPOSES

    rows = [
        {"name": name, "means": one.de if lang == "de" else one.en, "below": ", ".join(one.broader)}
        for name, one in PURPOSES.items()
    ]
    heads = {
        "en": {"name": "--purpose", "means": "means", "below": "belongs to"},
        "de": {"name": "--purpose", "means": "bedeutet", "below": "gehört zu"},
    }
    return table(rows, heads[lang], "")
