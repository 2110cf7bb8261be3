"""How the files of a portfolio folder are called."""

from __future__ import annotations

PORTFOLIO_FILE = "portfolio.toml"
LOTS_FILE = "lots.csv"
SALES_FILE = "sales.csv"
OPENING_FILES = (LOTS_FILE, SALES_FILE)
"""They seed a record once; nothing is read from them afterwards."""

PRICES_FILE = "prices.csv"
MANUAL_PRICES_FILE = "manual-prices.csv"
LEDGER_FILE = "ledger.jsonl"
PAPER_FOLDER = "paper"
"""Where the record of accounts lies that are all traded on paper."""

CACHE_FOLDER = ".trimtab-cache"
"""Beside the ledger; it tells git, and programs that make backups, to leave it out."""

INDEX_FILE = "ledger.sqlite"
