"""Tree heads and proofs: the published cases, and every small tree."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.ledger.chain import leaf_hash
from trimtab.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    node_hash,
    root_of,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


def test_published_roots(shared: Path) -> None:
    """Tree heads of 0 to 8 leaves are those that certificate transparency publishes."""
    case = json.loads((shared / "reference" / "merkle_rfc6962_roots.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(text)) for text in case["leaf_inputs_hex"]]

    roots = [root_of(leaves[:size]).hex() for size in range(len(leaves) + 1)]

    assert roots == case["root_hex_by_tree_size"]


def test_published_inclusion_cases(shared: Path) -> None:
    """Of the 98 published inclusion proofs exactly the 6 right ones hold."""
    cases = json.loads((shared / "reference" / "merkle_rfc6962_inclusion.json").read_text())

    held = [
        case["desc"]
        for case in cases
        if inclusion_holds(
            index=case["leafIdx"],
            size=case["treeSize"],
            leaf=b64decode(case["leafHash"] or ""),
            root=b64decode(case["root"] or ""),
            proof=[b64decode(step) for step in case["proof"] or []],
        )
    ]

    assert len(cases) == 98
    assert held == [case["desc"] for case in cases if not case["wantErr"]]


@given(parts=st.lists(st.integers(0, 9), max_size=10))
@settings(max_examples=60)
def test_a_tree_grown_in_parts_is_the_tree_of_all(parts: list[int]) -> None:
    """The compact tree has the root of the definition, however it was grown."""
    tree, size = Tree(), 0
    for part in parts:
        part = min(part, len(LEAVES) - size)
        tree, size = tree.extended(LEAVES[size : size + part]), size + part

        assert tree.root == plain_root(LEAVES[:size])
        assert tree.size == size


def test_every_leaf_of_every_small_tree_is_proved() -> None:
    """A right proof holds; for another leaf, place, size or root it does not."""
    for size in range(1, 20):
        leaves, root = LEAVES[:size], root_of(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(leaves, index)

            def holds(
                *,
                index: int = index,
                size: int = size,
                leaf: bytes = leaves[index],
                root: bytes = root,
                proof: tuple[bytes, ...] = proof,
            ) -> bool:
                return inclusion_holds(index=index, size=size, leaf=leaf, root=root, proof=proof)

            assert holds()
            assert not holds(index=index + 1)
            assert not holds(index=index - 1)
            assert not holds(leaf=LEAVES[-1])
            assert not holds(root=LEAVES[-1])
            assert not holds(proof=(*proof, LEAVES[0]))
            assert not holds(proof=(LEAVES[0], *proof))
            assert not proof or not holds(proof=proof[:-1])
            assert not proof or not holds(proof=proof[1:])


def test_every_earlier_tree_is_a_prefix_of_every_later_one() -> None:
    """A right consistency proof holds; with a step, a size or a root changed it does not."""
    for size in range(20):
        root = root_of(LEAVES[:size])
        for old_size in range(size + 1):
            old_root = root_of(LEAVES[:old_size])
            proof = consistency_proof(LEAVES[:size], old_size)

            def holds(
                *,
                old_size: int = old_size,
                old_root: bytes = old_root,
                size: int = size,
                root: bytes = root,
                proof: tuple[bytes, ...] = proof,
            ) -> bool:
                return consistency_holds(
                    old_size=old_size, old_root=old_root, size=size, root=root, proof=proof
                )

            assert holds()
            assert not holds(old_root=LEAVES[-1])
            assert not holds(proof=(*proof, LEAVES[0]))
            assert not proof or not holds(proof=proof[:-1])
            assert not proof or not holds(proof=proof[1:])
            assert not holds(old_size=size + 1)
            if old_size:
                assert not holds(root=LEAVES[-1])
            if 0 < old_size < size:
                assert not holds(old_size=0)
                assert not holds(old_size=size)


def test_a_rewritten_past_has_no_consistency_proof() -> None:
    """No proof made from a rewritten ledger joins it to the tree that was signed before."""
    rewritten = [LEAVES[40], *LEAVES[1:12]]
    signed_root = root_of(LEAVES[:5])

    proof = consistency_proof(rewritten, 5)

    assert not consistency_holds(
        old_size=5, old_root=signed_root, size=12, root=root_of(rewritten), proof=proof
    )


def test_a_proof_is_no_longer_than_the_tree_is_high() -> None:
    """A step too many does not hold, not even towards a root that was made to fit it."""
    leaf, extra = LEAVES[:2]
    root = root_of([leaf, extra])
    too_high = node_hash(LEAVES[2], root)

    assert not inclusion_holds(
        index=0, size=1, leaf=leaf, root=node_hash(extra, leaf), proof=(extra,)
    )
    assert not inclusion_holds(index=1, size=2, leaf=extra, root=too_high, proof=(leaf, LEAVES[2]))
    assert not consistency_holds(
        old_size=1,
        old_root=leaf,
        size=2,
        root=node_hash(LEAVES[2], root),
        proof=(extra, LEAVES[2]),
    )


@pytest.mark.parametrize("proof", [(b"",), (b"x" * 31,), (b"x" * 33,)])
def test_a_proof_step_is_a_whole_hash(proof: tuple[bytes, ...]) -> None:
    """Steps of another length never hold, whatever they would hash to."""
    leaves = LEAVES[:2]

    assert not inclusion_holds(index=0, size=2, leaf=leaves[0], root=root_of(leaves), proof=proof)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """An empty ledger has a root too."""
    assert Tree().root == EMPTY_ROOT == sha256(b"").digest()
