"""The documentation is complete and true: commands, options, examples, settings, endpoints, topics, folders."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from connector.cli import topics
from connector.cli.command import Leaf
from connector.cli.tree import TABLE, root
from connector.config import SECTIONS, description
from connector.services.watch.figures import FIGURES
from edge_node import config
from policies.operands import OPERANDS
from scripts.lib import reference

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = reference.README.read_text("utf-8")
COMMANDS = dict(reference.commands())
FILES = ["trees.csv", "policy.json", "allmende-edge_0.1.0_arm64.deb", "allmende-edge_0.2.0_arm64.deb"]


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_documented(name: str) -> None:
    """It has help, each option has help, it stands in the reference."""
    command = COMMANDS[name]
    assert command.help
    assert command.help.strip().endswith(".")
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"--{param.name} of {name} has no help"
    assert f"### allmende {name}\n" in REFERENCE


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_json_and_an_example(name: str) -> None:
    """And each example is a command line of this very command that can be read."""
    command = COMMANDS[name]
    assert isinstance(command, Leaf)
    assert "--json" in {option for param in command.params for option in param.opts}
    assert command.examples
    for line in command.examples:
        assert line.startswith(f"allmende {name}"), line


@pytest.mark.parametrize("line", [line for command in COMMANDS.values() for line in getattr(command, "examples", ())])
def test_example_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in FILES:
        Path(file).touch()
    Path("bicycle-counts").mkdir()
    _parse(line)


def test_every_command_line_in_the_texts_exists() -> None:
    """What README and topics tell people to type is there."""
    texts = [README, *(topics.read(topic, lang) for topic in topics.topics() for lang in ("en", "de"))]
    typed = re.compile(r"\ballmende ([a-z][a-z-]*)(?: ([a-z]+(?:-[a-z]+)*))?")
    told = [found for text in texts for found in typed.findall(text)]
    assert told
    for name, child in told:
        assert name in TABLE, f"allmende {name}"
        command = root().get_command(click.Context(root()), name)
        if isinstance(command, click.Group) and child:
            assert child in command.list_commands(click.Context(command)), f"allmende {name} {child}"


@pytest.mark.parametrize("section", SECTIONS)
def test_setting_is_documented(section: str) -> None:
    for field in fields(SECTIONS[section]):
        assert description(field) != field.name, f"[{section}] {field.name} does not say what it means"
        assert f"| `[{section}] {field.name}` |" in REFERENCE


DEVICE: dict[str, type[Struct]] = {
    "[series.NAME]": config.SeriesSettings,
    "[series.NAME] fields.FIELD": config.FieldSettings,
    "[sources.NAME]": config.SourceSettings,
    "[buffer]": config.BufferSettings,
    "[link]": config.LinkSettings,
}


@pytest.mark.parametrize("section", DEVICE)
def test_setting_of_a_device_is_documented_with_its_default(section: str) -> None:
    written = (ROOT / "edge_node" / "README.md").read_text("utf-8")
    joint = "." if "FIELD" in section else " "
    for field in fields(DEVICE[section]):
        default = "" if field.required or field.default in (None, "", NODEFAULT) else f"`{_toml(field.default)}` "
        assert f"| `{section}{joint}{field.encode_name}` | {default}|" in written


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_section_of_a_devices_settings_is_documented() -> None:
    sections = {name.strip("[]").split(".")[0] for name in DEVICE}
    assert {field.name for field in fields(config.Settings)} == {one.split("]")[0] for one in sections}


def test_the_map_of_the_device_has_every_room() -> None:
    room = ROOT / "edge_node"
    named = set(re.findall(r"`(\w+)(?:/|\.py)?`", (room / "README.md").read_text("utf-8")))
    rooms = {path.stem for path in room.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - named - {"__init__", "__main__", "errors", "ports"} == set()


def test_endpoints_are_documented() -> None:
    found = reference.endpoints()
    assert len(found) > 30
    for one in found:
        assert one.about.endswith((".", "?")), one.path
        assert f"| `{one.method} {one.path}` |" in REFERENCE


def test_metrics_are_documented() -> None:
    for name in FIGURES:
        assert f"| `allmende_{name}` |" in REFERENCE
    assert "| `allmende_accesses_total` |" in REFERENCE


def test_reference_is_up_to_date() -> None:
    assert reference.updated(REFERENCE) == REFERENCE, "python scripts/lib/reference.py --write"


def test_reference_of_the_operands_is_up_to_date_and_names_each_of_them() -> None:
    """Name, operators, origin, who can check it and how surely, for every entry of the registry."""
    now = reference.POLICIES.read_text("utf-8")
    assert reference.updated(now, reference.operands) == now, "python scripts/lib/reference.py --write"
    rows = {line.split("`")[1].removeprefix("odrl:"): line for line in now.splitlines() if line.startswith("| `")}
    for operand in OPERANDS.values():
        row = rows[operand.name]
        assert operand.meaning[1] in row
        for part in (*operand.operators, operand.origin, operand.side, operand.assurance, operand.phase):
            assert part in row, (operand.name, part)


def test_topics_are_there_in_both_languages() -> None:
    german = {path.name.removesuffix(".de.txt") for path in topics.HERE.glob("*.de.txt")}
    assert german == set(topics.topics())
    assert len(german) >= 5


@pytest.mark.parametrize("folder", ["connector", "policies", "edge_node", "catalog", "certs", "scripts", "tests"])
def test_folder_has_a_readme(folder: str) -> None:
    assert len((ROOT / folder / "README.md").read_text("utf-8").split()) > 20


def test_the_map_of_the_policies_has_every_room() -> None:
    written = (ROOT / "policies" / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(?:\w+/|catalog\.)?(\w+)(?:/|\.py)?`", written))
    rooms = {path.stem for path in (ROOT / "policies").rglob("*.py")} - {"__init__"}
    assert rooms - named == set()


def test_the_map_of_the_data_has_every_room() -> None:
    room = ROOT / "connector" / "data"
    for folder in (room, room / "sources"):
        written = (folder / "README.md").read_text("utf-8")
        named = set(re.findall(r"`(\w+)(?:/|\.py)?`", written))
        rooms = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert rooms - named - {"__init__"} == set(), folder


def _parse(line: str) -> None:
    """Read a command line as the program would, without doing anything."""
    words = shlex.split(re.split(r" [|>] ", line)[0])[1:]
    command: click.Command = root()
    context = command.make_context("allmende", words, help_option_names=["-h", "--help"])
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None, line
        context = found.make_context(found.name, rest, parent=context)
        command = found
