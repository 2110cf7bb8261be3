"""Targets that move: found anew from what was known on a day."""
