"""What selling costs in tax: holding periods and relief orders now; wash sales have a room here.

One file a country. A country without a file is taxed by its stated rates with the holding period
of one calendar year; its losses earn no credit.
"""
