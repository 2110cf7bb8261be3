"""The few hot loops, over columns: one source, interpreted for one, compiled for a million."""
