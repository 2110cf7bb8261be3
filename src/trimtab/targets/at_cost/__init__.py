"""What to hold at the cost of getting there."""
