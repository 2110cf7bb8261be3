"""Account mode over history: the same decision, orders and record as on a real day."""
