"""The record: canonical entries in a hash chain, proofs over them, and the fold to a state."""
