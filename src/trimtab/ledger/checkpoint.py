"""Signed tree heads in the C2SP text forms: tlog-checkpoint within signed-note, by Ed25519."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from trimtab.ledger.chain import Entry
from trimtab.ledger.errors import CheckpointError
from trimtab.ledger.merkle import root_of
from trimtab.model.frozen import dataclass

_DASH: Final = "\u2014 "
_ED25519: Final = b"\x01"
_MAX_NOTE_BYTES: Final = 64 * 1024
_MAX_SIGNATURES: Final = 100
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note: the key's name, its short id, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it was read; nothing of it is to be believed before `verified`."""

    checkpoint: Checkpoint
    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half: what somebody needs to check a signature. Not secret."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, signature type, public key)."""
        hashed = sha256(self.name.encode() + b"\n" + _ED25519 + self.public)
        return hashed.digest()[:4]

    def __str__(self) -> str:
        key = b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half. Whoever has it can sign a rewritten past: it never lies in the folder."""

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        assert len(self.seed) == 32, "an Ed25519 seed has 32 bytes"
        check_key_name(self.name)

    def __repr__(self) -> str:
        return f"SigningKey(name={self.name!r})"

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature (RFC 8032) of a message."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, private.public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """The private key as one line, in the form that Go's note tools use."""
        key = b64encode(_ED25519 + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{key}"


def check_key_name(name: str) -> None:
    """Refuse a key name that cannot stand in a signature line.

    Raises:
        CheckpointError: when it is empty or holds spaces, plus signs or control characters.
    """
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise CheckpointError(f"{name!r} is no key name: no spaces, plus signs or control signs")


def verifier_key_from(text: str) -> VerifierKey:
    """The verifier key of `name+hash+base64`.

    Raises:
        CheckpointError: when it is malformed or its hash does not belong to it.
    """
    name, key_id, encoded = _key_parts(text.strip())
    verifier = VerifierKey(name, encoded[1:])
    if key_id != verifier.key_id.hex():
        raise CheckpointError("the verifier key's short hash does not belong to the key: a typo?")
    return verifier


def signing_key_from(text: str) -> SigningKey:
    """The private key of its one-line form.

    Raises:
        CheckpointError: when it is malformed; the message never shows the key.
    """
    prefix = "PRIVATE+KEY+"
    if not text.startswith(prefix):
        raise CheckpointError("not a signing key: it does not begin with PRIVATE+KEY+")
    name, key_id, encoded = _key_parts(text.strip()[len(prefix) :])
    key = SigningKey(name, encoded[1:])
    if key_id != key.verifier.key_id.hex():
        raise CheckpointError("the signing key is damaged: its short hash does not belong to it")
    return key


def _key_parts(text: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise CheckpointError("a key has the form name+hash+base64")
    name, key_id, encoded = parts
    check_key_name(name)
    decoded = base64_bytes(encoded, "the key")
    if len(decoded) != 33 or decoded[:1] != _ED25519:
        raise CheckpointError("the key is not an Ed25519 key")
    return name, key_id, decoded


def note_text(checkpoint: Checkpoint) -> str:
    """What is signed: origin, size and root, a line each."""
    origin = checkpoint.origin
    if not origin or _CONTROL.search(origin) or "\n" in origin:
        raise CheckpointError(f"{origin!r} cannot be the origin line of a checkpoint")
    assert checkpoint.size >= 0
    assert len(checkpoint.root) == 32
    return f"{origin}\n{checkpoint.size}\n{b64encode(checkpoint.root).decode()}\n"


def signed(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The checkpoint as a signed note.

    Keep it somewhere else than the ledger: it is what shows that the end was cut off.
    """
    text = note_text(checkpoint)
    signature = b64encode(key.verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{key.name} {signature}\n"


def checkpoint_from(note: bytes) -> SignedCheckpoint:
    """A checkpoint as it stands in a note; not believed yet.

    Raises:
        CheckpointError: when it is not a C2SP checkpoint.
    """
    if len(note) > _MAX_NOTE_BYTES:
        raise CheckpointError(f"a checkpoint of {len(note)} bytes is too long")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"the checkpoint is not UTF-8 at byte {error.start}") from error
    if _CONTROL.search(whole):
        raise CheckpointError("the checkpoint holds control characters (is it from Windows?)")
    body, separator, tail = whole.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise CheckpointError("no blank line and signatures after the text, or the end is missing")
    text = body + "\n"
    signatures = tuple(_signature_from(line) for line in tail[:-1].split("\n"))
    if len(signatures) > _MAX_SIGNATURES:
        raise CheckpointError(f"{len(signatures)} signatures are too many")
    return SignedCheckpoint(_body_from(text), text, signatures)


def _signature_from(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise CheckpointError("a signature line does not begin with a dash (U+2014) and a space")
    name, separator, encoded = line[len(_DASH) :].partition(" ")
    if not separator:
        raise CheckpointError("a signature line has no signature")
    check_key_name(name)
    decoded = base64_bytes(encoded, "a signature")
    if len(decoded) < 5:
        raise CheckpointError("a signature is too short")
    return Signature(name, decoded[:4], decoded[4:])


def _body_from(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise CheckpointError("a checkpoint has an origin, a size and a root, a line each")
    origin, size, root = lines[:3]
    if _SIZE.fullmatch(size) is None:
        raise CheckpointError(f"the size {size[:40]!r} is not a plain number")
    decoded = base64_bytes(root, "the root")
    if len(decoded) != 32:
        raise CheckpointError("the root is not a SHA-256 hash")
    return Checkpoint(origin, int(size), decoded)


def base64_bytes(text: str, what: str) -> bytes:
    """The bytes of base64 text in its one spelling; `what` names it in the error."""
    try:
        decoded = b64decode(text.encode("ascii"), validate=True)
    except (Base64Error, UnicodeEncodeError) as error:
        raise CheckpointError(f"{what} is not base64") from error
    if b64encode(decoded).decode() != text:
        raise CheckpointError(f"{what} is base64 with stray bits at its end")
    return decoded


def verified(note: bytes, key: VerifierKey, *, origin: str | None = None) -> Checkpoint:
    """The checkpoint of a note, once its signature by `key` is found and right.

    Args:
        note: The signed note.
        key: The key that must have signed it; signatures of other keys are ignored.
        origin: The log that it must be of; None takes the key's name.

    Raises:
        CheckpointError: when it is malformed, of another log, not signed by `key`, or altered.
    """
    read = checkpoint_from(note)
    _check_signature(read, key)
    wanted = key.name if origin is None else origin
    if read.checkpoint.origin != wanted:
        raise CheckpointError(
            f"the checkpoint is of {read.checkpoint.origin!r}, not of {wanted!r}: another ledger"
        )
    return read.checkpoint


def _check_signature(read: SignedCheckpoint, key: VerifierKey) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    mine = [s for s in read.signatures if s.name == key.name and s.key_id == key.key_id]
    if not mine:
        raise CheckpointError(f"the checkpoint is not signed by {key.name}+{key.key_id.hex()}")
    public = Ed25519PublicKey.from_public_bytes(key.public)
    for signature in mine:
        try:
            public.verify(signature.signature, read.text.encode())
        except InvalidSignature as error:
            raise CheckpointError(
                "the signature does not belong to this text: the checkpoint was altered"
            ) from error


def origin_of(entries: Sequence[Entry]) -> str:
    """The name of a ledger, for checkpoints and keys: from the hash of its first entry.

    Two records never share it, and nobody can choose it.
    """
    if not entries:
        raise CheckpointError("an empty ledger has no name and nothing to sign yet")
    return f"trimtab/{entries[0].hash[:32]}"


def checkpoint_of(entries: Sequence[Entry]) -> Checkpoint:
    """The tree head over all these entries, from the first."""
    root = root_of([bytes.fromhex(entry.hash) for entry in entries])
    return Checkpoint(origin_of(entries), len(entries), root)
