"""Many accounts at once: a book in Parquet in, trades and exceptions in Parquet out."""
