"""The script of a report, by subject."""
