"""What to hold: the target tree, and the ways to arrive at one."""
