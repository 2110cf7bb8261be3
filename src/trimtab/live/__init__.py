"""Opened portfolios: what the command line, the service and Python work with."""
