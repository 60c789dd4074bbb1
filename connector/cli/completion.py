"""`allmende completion`: what a shell needs to complete commands, options and the names of things."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from connector.cli.command import Call, Leaf

WHERE = {
    "bash": "~/.local/share/bash-completion/completions/allmende",
    "zsh": "a directory of $fpath, as _allmende",
    "fish": "~/.config/fish/completions/allmende.fish",
}


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende completion bash > ~/.local/share/bash-completion/completions/allmende",
        "allmende completion fish > ~/.config/fish/completions/allmende.fish",
    ],
)
@click.argument("shell", type=click.Choice(list(WHERE)))
@click.pass_obj
@click.pass_context
def completion(ctx: click.Context, call: Call, shell: str) -> None:
    """Print the completion script for SHELL. Names are asked from the node, within a second."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "allmende", "_ALLMENDE_COMPLETE").source()
    call.answer({"shell": shell, "where": WHERE[shell], "script": script}, lambda: script.rstrip("\n"))
