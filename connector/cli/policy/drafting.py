"""`allmende policy new`, `templates` and `convert`: beginning a policy, and writing it in another form.

What lives here: asking the template's questions, writing the file. What does not: templates (`policies.template`),
forms (`policies.forms`).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, paragraphs, remark, save, table
from connector.cli.policy import files
from connector.cli.words import either

if TYPE_CHECKING:
    from policies.model import PolicyError
    from policies.template import Question


class Template(click.ParamType[str]):
    """The name of a template; completed from those that there are."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from policies.template import names

        return [CompletionItem(one) for one in names() if one.startswith(incomplete)]


TEMPLATE = Template()
OUT = click.Path(dir_okay=False, allow_dash=True)
LONGEST = 1 << 16
"""Characters of an answer that are read at most."""


@click.command(
    "new",
    cls=Leaf,
    node=False,
    examples=[
        "allmende policy new --template heidelberg-winter-service --lang de",
        "allmende policy new --template heidelberg-winter-service --answer season=10-15/04-15 --defaults",
    ],
)
@click.option(
    "--template", type=TEMPLATE, required=True, help="Which one to begin with; see: allmende policy templates."
)
@click.option(
    "--answer", "--set", "answers", multiple=True, metavar="KEY=VALUE", help="An answer given here; repeatable."
)
@click.option("--defaults", is_flag=True, help="Ask nothing: what is not answered here is as the template has it.")
@click.option("--out", "-o", type=OUT, help="Where to write it, - for stdout; default: the template's name and .toml.")
@click.pass_obj
def new(call: Call, template: str, answers: tuple[str, ...], defaults: bool, out: str | None) -> None:
    """Ask what the template asks, in German or English, and write a small readable file.

    An empty answer is the one in brackets. An existing file is not overwritten.
    """
    from policies import template as templating
    from policies.model import PolicyError

    said = dict(_answer(one) for one in answers)
    try:
        title = templating.title(template, call.lang)
        out = out or f"{template}.toml"
        _free(out)
        if not defaults:
            templating.make(template, said, call.lang)
            remark(paragraphs(title, *templating.about(template, call.lang)))
            for one in templating.questions(template, call.lang):
                if one.key not in said:
                    said[one.key] = _asked(template, one, said)
        made = templating.make(template, said, call.lang)
    except PolicyError as error:
        raise _template(error, template) from error
    left = [
        one.key for one in templating.questions(template, call.lang) if ".example" in (said.get(one.key) or one.default)
    ]
    told = {"template": template, "version": made.version, "policy": made.policy.id, "text": made.text}
    _write(call, out, made.text.encode(), {**told, "placeholders": left}, _next(out, left))


@click.command(
    "templates",
    cls=Leaf,
    node=False,
    examples=["allmende policy templates", "allmende policy templates heidelberg-winter-service --lang de"],
)
@click.argument("name", type=TEMPLATE, required=False)
@click.pass_obj
def templates(call: Call, name: str | None) -> None:
    """List the templates that a policy can begin with; or say of one what it is for, where it is from, what it asks."""
    from policies import template as templating
    from policies.model import PolicyError

    if name is None:
        rows = [_described(one, call.lang) for one in templating.names()]
        call.answer(rows, lambda: table(rows, {"name": "name", "title": "title"}, "No templates."))
        return
    try:
        one = _described(name, call.lang)
        asked = templating.questions(name, call.lang)
    except PolicyError as error:
        raise _template(error, name) from error
    one["asks"] = [{"key": q.key, "text": q.text, "help": q.help, "default": q.default} for q in asked]
    lines = [f"{q.key}: {q.text} [{q.default}]" for q in asked]
    call.answer(one, lambda: paragraphs(one["title"], *one["about"], bullets(either("It asks", "Gefragt wird"), lines)))


@click.command(
    "convert",
    cls=Leaf,
    node=False,
    examples=[
        "allmende policy convert policy.json --to toml --out policy.toml",
        "allmende policy convert policy.toml --to ttl",
    ],
)
@click.argument("file", type=files.FILE)
@files.with_files
@click.option("--to", type=click.Choice(list(files.FORMS)), required=True, help="The form to write it in.")
@click.option("--out", "-o", type=OUT, default="-", help="Where to write it; default: stdout.")
@click.pass_obj
def convert(call: Call, file: Path, form: str | None, lenient: bool, to: str, out: str) -> None:
    """Write the policy of FILE in another form that means the same, or refuse to where that form cannot say it."""
    from policies import forms
    from policies.canonical import digest

    _free(out)
    policy = files.one(file, form, lenient=lenient)
    written = files.written(policy, forms.Form[files.FORMS[to]], str(file))
    _write(call, out, written, {"policy": policy.id, "digest": digest(policy), "text": written.decode()})


def _described(name: str, lang: str) -> dict[str, Any]:
    from policies import template as templating

    return {
        "name": name,
        "title": templating.title(name, lang),
        "about": list(templating.about(name, lang)),
        "questions": [one.key for one in templating.questions(name, lang)],
    }


def _template(error: PolicyError, name: str) -> CommandError:
    """What is wrong with a template's name, or with the answer at a place of it."""
    if error.reason.code == "template.unknown":
        more = either("There are: allmende policy templates", "Alle Vorlagen zeigt: allmende policy templates")
        return CommandError(f"{files.sentence(error.reason)} {more}", error.reason.code, error.reason.params)
    refused = files.refused(error, name)
    refused.sentence = f"{name}: {files.helped(error.reason)}"
    return refused


def _answer(text: str) -> tuple[str, str]:
    key, mark, value = text.partition("=")
    if not mark or not key.strip():
        raise click.UsageError(
            either(f"{text!r} is no answer; say KEY=VALUE.", f"{text!r} ist keine Antwort; sagen Sie KEY=VALUE.")
        )
    return key.strip(), value.strip()


def _asked(template: str, question: Question, said: Mapping[str, str]) -> str:
    """The answer to a question. A person is asked again where it cannot be read, and loses nothing that was said."""
    from policies import template as templating
    from policies.model import PolicyError

    while True:
        answer = _ask(question)
        try:
            templating.make(template, {**said, question.key: answer})
        except PolicyError as error:
            if not sys.stdin.isatty():
                raise
            remark(files.helped(error.reason))
        else:
            return answer


def _ask(question: Question) -> str:
    """The answer of a person, or the next line of what stands in for one; where there is none, the default."""
    if question.help:
        remark(question.help)
    if sys.stdin.isatty():
        return str(click.prompt(question.text, default=question.default, err=True))
    remark(f"{question.text} [{question.default}]:")
    answer = sys.stdin.readline(LONGEST)
    if len(answer) == LONGEST:  # What never ends would never be read.
        raise CommandError(
            either(
                f"An answer is longer than {LONGEST} characters.", f"Eine Antwort ist länger als {LONGEST} Zeichen."
            ),
            "answer.long",
            {"limit": str(LONGEST)},
        )
    return answer.strip() or question.default


def _free(out: str) -> None:
    if out != "-" and Path(out).exists():
        raise CommandError(
            either(f"{out} is there already; nothing was written.", f"{out} gibt es schon; nichts wurde geschrieben."),
            "file.exists",
            {"file": out},
        )


def _next(out: str, left: Sequence[str]) -> list[str]:
    """What is to be done with a new file: examples that stand in it still, and the commands that come next."""
    file, keys = shlex.quote(out), ", ".join(left)
    examples = either(
        f"Replace the examples that stand in it still: {keys}", f"Noch Beispiele darin, bitte ersetzen: {keys}"
    )
    return [*([examples] if left else []), f"allmende policy lint {file}", f"allmende policy explain {file}"]


def _write(call: Call, out: str, data: bytes, told: dict[str, Any], then: Sequence[str] = ()) -> None:
    if out == "-":
        call.answer(told, lambda: data.decode().rstrip("\n"))
        return
    save([data], out)
    written = either(f"Written to {out}.", f"Geschrieben nach {out}.")
    call.answer({**told, "file": out}, lambda: paragraphs(written, bullets(either("Next", "Als Nächstes"), then)))
