"""What selling costs in tax: holding periods and relief orders now; wash sales have a room here.

The rules are those of the United States. Another country is taxed by its stated rates with them,
which is said wherever that happens; losses earn no credit.
"""
