"""An update: what it leaves behind where it works, where the new release fails, and wherever the power fails."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from connector.releases import journal
from connector.releases.disk import Disk
from connector.releases.errors import ReleaseError
from connector.releases.updating import TRIES
from tests.connector.releases.machine import (
    NEW,
    OLD,
    THIRD,
    Machine,
    PowerCutError,
    PowerDisk,
    database,
    is_whole,
    pack,
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_update_that_works(machine: Machine) -> None:
    updating = machine.by(Disk())
    assert updating.install() == f"{NEW} is in place of {OLD}, which is kept until it has started"
    assert machine.current() == NEW
    assert machine.fits()
    assert updating.settle() == f"trying {NEW}"
    assert updating.confirm() == f"{NEW} runs"
    assert (updating.settle(), updating.confirm()) == ("", "")
    assert is_whole(machine.places, NEW)
    assert is_whole(machine.places, OLD)  # a person may return to it
    assert machine.programs.done[-3:] == [f"check {NEW}", f"migrate {NEW}", "ready"]
    assert updating.install() == f"{NEW} is in place"


def test_only_the_release_before_is_kept(machine: Machine) -> None:
    machine.by(Disk()).install()
    machine.by(Disk()).confirm()
    pack(machine.places, THIRD)
    machine.by(Disk()).install()
    machine.by(Disk()).confirm()
    assert sorted(one.name for one in machine.places.home.iterdir()) == [NEW, THIRD, "current", "previous"]


@pytest.mark.parametrize("fails", ["check", "migrate"])
def test_a_release_that_is_of_no_use_here_changes_nothing(machine: Machine, fails: str) -> None:
    machine.programs.broken.add(fails)
    with pytest.raises(ReleaseError):
        machine.by(Disk()).install()
    assert machine.current() == OLD
    assert machine.state.read_bytes() == database(1, b"contracts")
    assert machine.by(Disk()).settle() == ""
    assert f"declare {OLD}" not in machine.programs.done  # the new one has told nobody anything


def test_a_release_that_never_gets_ready_is_returned_from(machine: Machine) -> None:
    updating = machine.by(Disk())
    updating.install()
    machine.programs.broken.add("ready")
    for _ in range(TRIES):
        assert updating.settle() == f"trying {NEW}"
        machine.state.write_bytes(database(2, b"contracts, and one more"))
        with pytest.raises(ReleaseError):
            updating.confirm()
    assert updating.settle() == f"returned from {NEW} to {OLD}"
    assert machine.current() == OLD
    assert machine.state.read_bytes() == database(1, b"contracts")
    # What the new one has written is not thrown away, and the old one knows that its peers may know more than it.
    aside = machine.state.with_name(f"state.db.of-{NEW}")
    assert aside.read_bytes() == database(2, b"contracts, and one more")
    assert machine.programs.done[-1] == f"declare {OLD}"


def test_without_another_layout_the_old_one_goes_on_with_the_state_as_it_is(machine: Machine) -> None:
    machine.programs.moves = False
    updating = machine.by(Disk())
    updating.install()
    updating.settle()
    machine.state.write_bytes(database(1, b"contracts, and one more"))
    assert updating.back() == f"returned from {NEW} to {OLD}"
    assert machine.state.read_bytes() == database(1, b"contracts, and one more")
    assert f"declare {OLD}" not in machine.programs.done


def test_back_by_hand_after_it_ran(machine: Machine) -> None:
    updating = machine.by(Disk())
    with pytest.raises(ReleaseError, match="no release before"):
        updating.back()
    updating.install()
    updating.settle()
    updating.confirm()
    assert updating.back() == f"returned from {NEW} to {OLD}"
    assert machine.fits()
    assert machine.programs.done[-1] == f"declare {OLD}"


def test_a_release_that_was_never_started_is_not_built_upon(machine: Machine) -> None:
    machine.by(Disk()).install()
    assert "waits for its start" in machine.by(Disk()).install()
    pack(machine.places, THIRD)
    machine.by(Disk()).install()
    update = journal.read(machine.places)
    assert update is not None
    assert (update.old, update.new) == (OLD, THIRD)


def test_no_room_for_a_copy(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.releases.state.shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(ReleaseError, match="copy of the state"):
        machine.by(Disk()).install()
    assert machine.current() == OLD
    assert journal.read(machine.places) is None


def test_a_journal_that_nobody_understands_stops_the_start(machine: Machine) -> None:
    machine.places.journal.write_text("Phase: dreaming\nOld: a\nNew: b\n")
    with pytest.raises(ReleaseError, match="not understood"):
        machine.by(Disk()).settle()


def cut(folder: Path, seed: int, calls: int) -> bool:
    """An update, cut after so many calls; was it cut at all? What may be there afterwards is checked."""
    chance = random.Random(seed)
    machine = Machine(folder)
    fails = chance.random() < 0.3
    try:
        updating = machine.by(PowerDisk(calls, chance))
        updating.install()
        for _ in range(TRIES + 1):
            updating.settle()
            if machine.current() == NEW:
                machine.state.write_bytes(database(2, b"contracts, and one more"))
            if not fails:
                updating.confirm()
                break
        hit = False
    except PowerCutError:
        hit = True
    again = machine.by(Disk())
    again.settle()  # what the unit does before it starts the program
    assert is_whole(machine.places, machine.current())
    assert machine.fits()
    assert machine.state.read_bytes()[100:].startswith(b"contracts")
    if fails:
        for _ in range(TRIES + 1):
            again.settle()
        assert machine.current() == OLD
    again.confirm()
    # And the update can be made again.
    again.install()
    again.settle()
    again.confirm()
    assert (machine.current(), machine.fits(), journal.read(machine.places)) == (NEW, True, None)
    return hit


def campaign(folder: Path, cuts: int, seed: int) -> None:
    """So many cuts at points by chance, each seen to hit."""
    chance = random.Random(seed)
    hits = sum(cut(folder / str(number), seed + number, chance.randrange(75)) for number in range(cuts))
    assert hits > cuts * 0.8


def test_cut_at_points_by_chance(tmp_path: Path) -> None:
    campaign(tmp_path, 60, seed=1)


@pytest.mark.long("package")
def test_cut_at_many_points_by_chance(tmp_path: Path) -> None:
    campaign(tmp_path, 2000, seed=1000)


class ForgetfulDisk(PowerDisk):
    """One that says that it has synced and has not."""

    def sync(self, path: Path) -> None:
        self._call()

    def sync_all(self) -> None:
        self._call()


def test_a_disk_that_does_not_sync_is_seen_to_lose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign can fail: on such a disk it does."""
    monkeypatch.setattr("tests.connector.releases.test_updating.PowerDisk", ForgetfulDisk)
    lost = 0
    for number in range(40):
        try:
            cut(tmp_path / str(number), number, 30 + number)
        except (AssertionError, ReleaseError, OSError):
            lost += 1
    assert lost > 0
