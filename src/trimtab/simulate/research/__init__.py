"""Research mode: policies over history in fractions of units, at full speed."""
