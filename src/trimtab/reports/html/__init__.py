"""The report of a backtest as one HTML file: its words, tables, data, style and script."""
