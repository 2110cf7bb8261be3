"""From results to something to look at: text for a terminal, plain values for programs."""
