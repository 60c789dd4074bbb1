"""Batches put together and thinned out: the readings are the same ones, under the same numbers."""

from __future__ import annotations

from msgspec import structs

from connector.data.readings.model import Batch
from edge_node.buffer import batching
from tests.edge_node.buffer.device import sealed, sealer, values


def test_neighbours_are_put_together_up_to_a_number_of_readings() -> None:
    found = list(batching.together([sealed(first, 4) for first in range(1, 41, 4)], 12, sealer()))
    assert [(one.first, one.last) for one in found] == [(1, 12), (13, 24), (25, 36), (37, 40)]
    assert values(found) == list(range(1, 41))


def test_what_is_apart_stays_apart() -> None:
    mixed = [sealed(1, 2), sealed(5, 2), sealed(7, 2, unsure=True), sealed(1, 2, series=2), sealed(9, 2)]
    found = list(batching.together(mixed, 100, sealer()))
    spans = sorted((one.series, one.first, one.last, one.unsure) for one in found)
    assert spans == [(1, 1, 2, False), (1, 5, 6, False), (1, 7, 8, True), (1, 9, 10, False), (2, 1, 2, False)]


def test_a_batch_that_cannot_be_read_goes_through_as_it_is() -> None:
    whole, broken = sealed(1, 2), structs.replace(sealed(3, 2), data=b"nothing")
    assert list(batching.together([whole, broken], 100, sealer())) == [whole, broken]
    assert list(batching.together([broken], 100, sealer(), thin=True)) == [broken]


def test_thinned_out_every_thing_is_left_and_the_numbers_are_spoken_for() -> None:
    [once] = batching.together([sealed(1, 6), sealed(7, 6)], 100, sealer(), thin=True)
    assert (once.first, once.last) == (1, 12)
    assert values([once]) == [1, 2, 3, 7, 8, 9]
    [twice] = batching.together([once], 100, sealer(), thin=True)
    opened = sealer().opened(twice.data)
    assert isinstance(opened, Batch)
    assert set(opened.rows.things) == {0, 1, 2}
    assert opened.last == 12


def test_what_all_have_is_left_out() -> None:
    found = batching.without([sealed(1, 4), sealed(5, 4)], {1: ((1, 6),)})
    assert [one.first for one in found] == [5]
