"""When to act: calendar, band, drift, cash flow. Each says in figures why it fired or did not."""
