"""The Merkle tree of a log: leaf and node hashes, root, proofs and their verification, appending by a compact range.

What lives here: RFC 9162, 2.1 (SHA-256) as pure functions. What does not: where hashes are kept (`connector.store`),
what a signed root looks like (`certs.checkpoint`). A tree is read through a `Node` function that gives the hash of the
complete subtree over the leaves [index * 2**level, (index + 1) * 2**level); it is asked for subtrees inside it only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""`node(level, index)`: hash of a complete subtree; level 0 are the leaf hashes."""

EMPTY = sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162, 2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def complete(start: int, stop: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index), left to right, that the leaves [start, stop) consist of.

    `start` has to be a multiple of the largest power of two below `stop - start`, as it is everywhere in RFC 9162.
    """
    pieces: list[tuple[int, int]] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        pieces.append((level, start >> level))
        start += 1 << level
    return pieces


def fold(hashes: Sequence[bytes]) -> bytes:
    """One hash from complete subtrees of falling size, left to right; `EMPTY` for none."""
    if not hashes:
        return EMPTY
    total = hashes[-1]
    for left in reversed(hashes[:-1]):
        total = node_hash(left, total)
    return total


def subtree(node: Node, start: int, stop: int) -> bytes:
    """MTH of the leaves [start, stop)."""
    return fold([node(level, index) for level, index in complete(start, stop)])


def root(node: Node, size: int) -> bytes:
    """Root of the tree of the first `size` leaves."""
    return subtree(node, 0, size)


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (`count` > 1)."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162, 2.1.3.1, from the leaf up. Raises `ValueError` where there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    start, stop = 0, size
    path: list[bytes] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(subtree(node, middle, stop))
            stop = middle
        else:
            path.append(subtree(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162, 2.1.4.1; empty where either tree is empty or both are the same.

    Raises `ValueError` where the old tree is larger than the new one.
    """
    if not 0 <= old <= new:
        raise ValueError("the old tree is larger than the new one")
    if old in (0, new):
        return []
    start, stop = 0, new
    path: list[bytes] = []
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(subtree(node, middle, stop))
            stop = middle
        else:
            path.append(subtree(node, start, middle))
            start = middle
    if start:  # the old root is not itself a node of the new tree
        path.append(subtree(node, start, stop))
    return path[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Does the tree (new, new_root) begin with the tree (old, old_root)? (RFC 9162, 2.1.4.2)

    Every tree begins with the empty one; its root must be `EMPTY`.
    """
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_total = new_total = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_total, new_total = node_hash(other, old_total), node_hash(other, new_total)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_total = node_hash(new_total, other)
        at, last = at >> 1, last >> 1
    return last == 0 and old_total == old_root and new_total == new_root


class CompactRange:
    """The right edge of a growing tree: enough to append and to know the root, in O(log size) memory.

    `hashes` are the complete subtrees of the first `size` leaves, left to right.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError("a compact range has one hash per complete subtree")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash. Returns the inner subtrees (level, index, hash) that it completed, from the lowest up."""
        made: list[tuple[int, int, bytes]] = []
        index, level = self.size, 0
        while index & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            index, level = index >> 1, level + 1
            made.append((level, index, leaf))
        self.hashes.append(leaf)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Root of what has been appended."""
        return fold(self.hashes)

    def copy(self) -> CompactRange:
        """An independent copy, so that an append can be given up."""
        return CompactRange(self.size, self.hashes)
