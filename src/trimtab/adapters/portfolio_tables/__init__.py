"""The tables of portfolio.toml, one file a subject: from keys to the nouns of the model."""
