"""certs/tree.py against a second implementation and against itself."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import tree
from certs.verifier import included

pymerkle = pytest.importorskip("pymerkle")


def levels(leaves: list[bytes]) -> list[list[bytes]]:
    """All complete subtrees of a list of leaf hashes, by level."""
    rows = [leaves]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([tree.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])
    return rows


def reader(count: int) -> tuple[list[bytes], tree.Node]:
    """Leaf hashes of `count` distinct entries and a reader over their tree."""
    leaves = [tree.leaf_hash(b"entry %d" % i) for i in range(count)]
    rows = levels(leaves)
    return leaves, lambda level, index: rows[level][index]


def oracle(count: int) -> pymerkle.InmemoryTree:
    log = pymerkle.InmemoryTree(algorithm="sha256")
    for i in range(count):
        log.append_entry(b"entry %d" % i)
    return log


SIZES = [*range(1, 71), 127, 128, 129, 200, 255, 257]


@pytest.fixture(scope="module")
def second() -> pymerkle.InmemoryTree:
    return oracle(max(SIZES))


def test_roots_equal_those_of_a_second_implementation(second: pymerkle.InmemoryTree) -> None:
    _, node = reader(max(SIZES))
    for size in SIZES:
        assert tree.root(node, size) == second.get_root(size)
    assert tree.root(node, 0) == tree.EMPTY == second.get_root(0)


def test_compact_range_grows_to_the_same_roots_and_names_the_same_subtrees() -> None:
    leaves, node = reader(300)
    edge = tree.CompactRange()
    for size, leaf in enumerate(leaves, 1):
        before = edge.copy()
        for level, index, made in edge.append(leaf):
            assert made == node(level, index)
        assert (edge.size, edge.root()) == (size, tree.root(node, size))
        assert edge.hashes == [node(*piece) for piece in tree.complete(0, size)]
        assert before.size == size - 1
        assert before.root() == tree.root(node, size - 1)


def test_compact_range_refuses_a_wrong_number_of_hashes() -> None:
    with pytest.raises(ValueError, match="one hash per"):
        tree.CompactRange(3, [b"x"])


def test_every_inclusion_proof_verifies_and_only_for_its_leaf_and_place() -> None:
    leaves, node = reader(70)
    for size in range(1, 71):
        root = tree.root(node, size)
        for index in range(size):
            proof = tree.inclusion_proof(node, index, size)
            assert included(leaves[index], index, size, proof, root)
            assert not included(leaves[index - 1] if size > 1 else b"", index, size, proof, root)
            assert not included(leaves[index], index, size, proof, tree.EMPTY)
            assert not included(leaves[index], size, size, proof, root)


def test_every_consistency_proof_verifies_and_no_other_old_root_does() -> None:
    _, node = reader(70)
    for new in range(71):
        for old in range(new + 1):
            proof = tree.consistency_proof(node, old, new)
            before, after = tree.root(node, old), tree.root(node, new)
            assert tree.verify_consistency(old, new, before, after, proof)
            assert not tree.verify_consistency(old, new, b"\x00" * 32, after, proof)
            if old:
                assert not tree.verify_consistency(old, new, before, b"\x00" * 32, proof)


def test_proofs_of_a_second_implementation_verify_here(second: pymerkle.InmemoryTree) -> None:
    leaves, node = reader(max(SIZES))
    for size in (1, 2, 5, 64, 70, 129, 257):
        for index in range(1, size + 1, 3):
            path = second.prove_inclusion(index, size).path
            assert included(leaves[index - 1], index - 1, size, path[1:], tree.root(node, size))


def mutations(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Every proof that differs in one bit of one hash, lacks one hash, or has one too many."""
    for place, one in enumerate(proof):
        yield [*proof[:place], bytes([one[0] ^ 1]) + one[1:], *proof[place + 1 :]]
        yield [*proof[:place], *proof[place + 1 :]]
        yield [*proof[:place], one, *proof[place:]]
    yield [*proof, b"\x00" * 32]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.randoms(use_true_random=False))
def test_random_sizes_and_mutated_proofs(size: int, rng: random.Random) -> None:
    leaves, node = reader(size)
    root, index, old = tree.root(node, size), rng.randrange(size), rng.randrange(1, size + 1)
    proof = tree.inclusion_proof(node, index, size)
    assert included(leaves[index], index, size, proof, root)
    for bad in mutations(proof):
        assert not included(leaves[index], index, size, bad, root)
    before = tree.root(node, old)
    between = tree.consistency_proof(node, old, size)
    assert tree.verify_consistency(old, size, before, root, between)
    for bad in mutations(between):
        assert not tree.verify_consistency(old, size, before, root, bad)


def test_impossible_questions_are_refused() -> None:
    _, node = reader(4)
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion_proof(node, 4, 4)
    with pytest.raises(ValueError, match="larger"):
        tree.consistency_proof(node, 4, 3)
    assert not included(b"", -1, 4, [], b"")
    assert not tree.verify_consistency(4, 3, b"", b"", [])
    assert not tree.verify_consistency(3, 4, b"", b"", [])
    assert not tree.verify_consistency(0, 4, b"forged", tree.root(node, 4), [])
