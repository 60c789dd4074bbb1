"""`allmende policy lint` and `explain`: is a file right, and what does it mean.

What lives here: reading the file, the findings and clauses for a person. What does not: the rules (`policies.lint`),
the sentences (`policies.explain`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, paragraphs
from connector.cli.policy import files
from connector.cli.words import either, word

if TYPE_CHECKING:
    from policies.explain import Clause
    from policies.lint import Finding
    from policies.model import Policy


@click.command(
    "lint",
    cls=Leaf,
    node=False,
    examples=["allmende policy lint policy.toml", "allmende policy lint policy.json --lang de --json"],
)
@click.argument("file", type=files.FILE)
@files.with_files
@click.pass_obj
def lint(call: Call, file: Path, form: str | None, lenient: bool) -> None:
    """Look for what is wrong in FILE: each finding with its rule, its line, and what mends it.

    Exit status 1 where an error is found; warnings and hints leave it at 0.
    """
    from policies import lint as rules

    given = files.checked(file, form, lenient=lenient)
    found = rules.lint(given.data, given.form, given.found, graph=files.graph)
    told: dict[str, Any] = {"valid": found.valid, "findings": [_finding(one) for one in found.findings]}
    if found.valid or not call.json:
        call.answer(told, lambda: _findings(told))
    if not found.valid:
        errors = sum(one["severity"] == "error" for one in told["findings"])
        said = either(f"{file}: errors: {errors}.", f"{file}: Fehler: {errors}.")
        raise CommandError(said, "lint.errors", {"errors": str(errors)}, told)


@click.command(
    "explain",
    cls=Leaf,
    node=False,
    examples=["allmende policy explain policy.toml --lang de", "allmende policy explain policy.json"],
)
@click.argument("file", type=files.FILE)
@files.with_files
@click.option(
    "--proves",
    multiple=True,
    metavar="OPERAND",
    help="The peer can prove this operand or duty (its IRI) by a third party's word: marked as attested; repeatable.",
)
@click.pass_obj
def explain(call: Call, file: Path, form: str | None, lenient: bool, proves: tuple[str, ...]) -> None:
    """Say what FILE means, clause by clause, each marked enforced, attested or declared.

    Enforced: this node sees to it. Attested: somebody else vouches for it. Declared: the other side says so.
    """
    from policies import explain as explaining

    found = files.stated(file, form, lenient=lenient)
    told = [(one, explaining.clauses(one, call.lang, frozenset(proves))) for one in found]
    call.answer(
        [_explained(one, lines, call.lang) for one, lines in told],
        lambda: paragraphs(*(_lines(lines, call.lang) for _, lines in told), "\n".join(explaining.legend(call.lang))),
    )


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "line": one.line,
        "where": one.where,
        "what": either(*one.what[::-1]),
        "mend": either(*one.mend[::-1]),
    }


def _findings(told: dict[str, Any]) -> str:
    lines: list[str] = []
    for one in told["findings"]:
        where = either(f"line {one['line']}", f"Zeile {one['line']}") if one["line"] else ""
        lines.append(", ".join(part for part in (word(one["severity"]), where, one["rule"]) if part))
        lines += [f"  {text}" for text in (one["what"], one["mend"]) if text]
    return bullets("Findings", lines) or either("Nothing to complain of.", "Nichts zu beanstanden.")


def _explained(policy: Policy, lines: Sequence[Clause], lang: str) -> dict[str, Any]:
    """`line` is the whole line, as a person sees it and as it can be read back."""
    from policies.explain import shown

    return {
        "policy": policy.id,
        "clauses": [
            {
                "rule": one.rule,
                "depth": one.depth,
                "text": one.text,
                "mark": one.mark and one.mark.value,
                "side": one.side and one.side.value,
                "line": shown(one, lang),
            }
            for one in lines
        ],
    }


def _lines(lines: Sequence[Clause], lang: str) -> str:
    from policies.explain import shown

    return "\n".join(shown(one, lang) for one in lines)
