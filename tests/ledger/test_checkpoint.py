"""Signed tree heads: the C2SP forms, and whatever is altered in them."""

from __future__ import annotations

import pytest

from tests.ledger.make import record
from trimtab.ledger.checkpoint import (
    Checkpoint,
    SigningKey,
    VerifierKey,
    checkpoint_from,
    note_text,
    signed,
    signing_key_from,
    verified,
    verifier_key_from,
)
from trimtab.ledger.errors import CheckpointError
from trimtab.ledger.merkle import root_of

KEY = SigningKey("trimtab/example", bytes(range(32)))
OTHER = SigningKey("trimtab/example", bytes(range(1, 33)))
LEAVES = [bytes.fromhex(entry.hash) for entry in record(12)]
HEAD = Checkpoint("trimtab/example", 12, root_of(LEAVES))


def test_the_published_note_verifies() -> None:
    """The example key and note of Go's sumdb/note are read as Go reads them."""
    key = verifier_key_from("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = (
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
        "qdngotpRZb6KE6RyyBwJnAM=\n"
    )
    from base64 import b64decode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    decoded = b64decode(line.split(" ")[2])
    Ed25519PublicKey.from_public_bytes(key.public).verify(decoded[4:], text.encode())

    assert decoded[:4] == key.key_id
    assert str(key).startswith("PeterNeumann+c74f20a3+")


def test_the_published_checkpoint_is_read() -> None:
    """The example in the C2SP specification has the origin, size and root that it shows."""
    note = (
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN"
        "7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()

    read = checkpoint_from(note)

    assert read.checkpoint.origin == "example.com/behind-the-sofa"
    assert read.checkpoint.size == 20852163
    assert read.checkpoint.root.hex().startswith("0ac5186a91863e8e1d90c808014aa89b")
    assert read.signatures[0].name == "example.com/behind-the-sofa"
    assert len(read.signatures[0].signature) == 64


def test_what_is_signed_verifies() -> None:
    """A checkpoint that we sign is believed with our public key, and says the same."""
    note = signed(HEAD, KEY).encode()

    assert verified(note, KEY.verifier) == HEAD
    assert note.startswith(note_text(HEAD).encode() + "\n\u2014 trimtab/example ".encode())


def test_every_flipped_bit_of_a_checkpoint_is_refused() -> None:
    """No bit of a checkpoint can change without the signature or the form noticing."""
    note = signed(HEAD, KEY).encode()

    for place in range(len(note)):
        for bit in range(8):
            changed = bytearray(note)
            changed[place] ^= 1 << bit
            with pytest.raises(CheckpointError):
                verified(bytes(changed), KEY.verifier)


def test_base64_has_one_spelling() -> None:
    """Stray bits after the last byte, which decoders ignore, make a checkpoint malformed."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    note = signed(HEAD, KEY)
    place = note.rindex("=") - 1
    other = alphabet[alphabet.index(note[place]) ^ 1]
    changed = note[:place] + other + note[place + 1 :]

    assert checkpoint_from(note.encode()).signatures
    with pytest.raises(CheckpointError):
        checkpoint_from(changed.encode())


def test_another_key_is_not_believed() -> None:
    """A checkpoint signed by somebody else under our name is refused."""
    with pytest.raises(CheckpointError):
        verified(signed(HEAD, OTHER).encode(), KEY.verifier)


def test_a_checkpoint_of_another_ledger_is_refused() -> None:
    """Our own signature under another origin does not count for this ledger."""
    other = Checkpoint("trimtab/other", HEAD.size, HEAD.root)

    with pytest.raises(CheckpointError):
        verified(signed(other, KEY).encode(), KEY.verifier)

    assert verified(signed(other, KEY).encode(), KEY.verifier, origin="trimtab/other") == other


def test_signatures_of_strangers_are_ignored() -> None:
    """A witness may add its line; ours still counts, and theirs alone does not."""
    witness = SigningKey("witness.example", bytes(32))
    ours = signed(HEAD, KEY)
    theirs = signed(HEAD, witness).splitlines(keepends=True)[-1]

    assert verified((ours + theirs).encode(), KEY.verifier) == HEAD
    with pytest.raises(CheckpointError):
        verified(signed(HEAD, witness).encode(), KEY.verifier, origin=HEAD.origin)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("12\n", "012\n", 1),
        lambda note: note.replace("12\n", "-1\n", 1),
        lambda note: note.replace("12\n", "1e1\n", 1),
        lambda note: note.replace("\n\n", "\n", 1),
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note.rstrip("\n"),
        lambda note: note.replace("\u2014", "-"),
        lambda note: "",
        lambda note: "x" * 100_000,
        lambda note: note + note.splitlines(keepends=True)[-1] * 200,
    ],
)
def test_malformed_checkpoints_are_refused(change: object) -> None:
    """What is not a checkpoint is an error that says so, before any signature is looked at."""
    assert callable(change)
    with pytest.raises(CheckpointError):
        checkpoint_from(change(signed(HEAD, KEY)).encode())


def test_keys_travel_as_one_line() -> None:
    """Public and private keys come back from their text; a typo in one is noticed."""
    public = str(KEY.verifier)

    assert verifier_key_from(public) == KEY.verifier
    assert signing_key_from(KEY.text) == KEY
    with pytest.raises(CheckpointError):
        verifier_key_from(public.replace("trimtab", "trimtub"))
    with pytest.raises(CheckpointError):
        verifier_key_from(str(KEY.verifier)[:-4])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_key_names_fit_a_signature_line(name: str) -> None:
    """A name that would break the line is refused when the key is made."""
    with pytest.raises(CheckpointError):
        SigningKey(name, bytes(32))


def test_a_private_key_does_not_show_itself() -> None:
    """Neither printing the key nor an error about it reveals the seed."""
    damaged = KEY.text.replace("trimtab/example", "trimtab/exemple")

    with pytest.raises(CheckpointError) as caught:
        signing_key_from(damaged)

    secret = KEY.text.rsplit("+", 1)[1]
    assert secret not in str(caught.value)
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)


def test_the_key_id_binds_name_and_key() -> None:
    """The same key under another name has another short id."""
    assert KEY.verifier.key_id != VerifierKey("trimtab/x", KEY.verifier.public).key_id
