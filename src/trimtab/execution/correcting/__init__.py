"""How an entry that was wrong is put right, one file a subject; `corrections` is the door."""
