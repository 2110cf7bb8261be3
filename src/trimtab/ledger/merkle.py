"""Merkle trees over the entries: tree heads, inclusion and consistency proofs (RFC 6962)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from trimtab.model.frozen import dataclass

EMPTY_ROOT: Final = sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of a one byte and both children (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree in compact form: the roots of its full subtrees, largest first.

    Enough to append and to know the root; log2(size) hashes, whatever the size.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The tree head: the RFC 6962 Merkle tree hash of all leaves."""
        if not self.peaks:
            return EMPTY_ROOT
        *others, root = self.peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root

    def extended(self, leaves: Iterable[bytes]) -> Tree:
        """The tree with more leaf hashes at its end: one or two hashes each, on average."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            node, full = leaf, size
            while full & 1:
                node = node_hash(peaks.pop(), node)
                full >>= 1
            peaks.append(node)
            size += 1
        return Tree(size, tuple(peaks))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The tree head over leaf hashes."""
    return Tree().extended(leaves).root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` (from 0) in the tree over all `leaves` (RFC 6962, 2.1.1)."""
    assert 0 <= index < len(leaves), "only a leaf of the tree can be proved"
    return tuple(_path(leaves, index))


def _path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(leaves[:split], index), root_of(leaves[split:])]
    return [*_path(leaves[split:], index - split), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below `size`, for a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Why the tree over the first `old_size` leaves is a prefix of this one (RFC 6962, 2.1.2).

    Empty when the old tree was empty or is the same tree.
    """
    assert 0 <= old_size <= len(leaves), "a tree cannot grow into a smaller one"
    if old_size in (0, len(leaves)):
        return ()
    return tuple(_subproof(leaves, old_size, complete=True))


def _subproof(leaves: Sequence[bytes], old_size: int, *, complete: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if complete else [root_of(leaves)]
    split = _split(len(leaves))
    if old_size <= split:
        left = _subproof(leaves[:split], old_size, complete=complete)
        return [*left, root_of(leaves[split:])]
    right = _subproof(leaves[split:], old_size - split, complete=False)
    return [*right, root_of(leaves[:split])]


def inclusion_holds(
    *, index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that `leaf` is leaf `index` (from 0) of the tree with this root.

    The walk of RFC 9162, 2.1.3.2; the proof must be used up exactly.
    """
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    node, last, at = leaf, size - 1, index
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistency_holds(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the old tree is a prefix of the new one.

    The walk of RFC 9162, 2.1.4.2; the proof must be used up exactly.
    """
    if not 0 <= old_size <= size or not _are_hashes(old_root, root, *proof):
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)
