"""Prices as they were: histories, gaps, other currencies, splits that were missed."""
