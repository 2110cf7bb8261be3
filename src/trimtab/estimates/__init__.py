"""From history to expected returns, covariance and regimes: arrays in, arrays out.

Rows are sessions, oldest first; columns are instruments. Dates and symbols are the caller's
business. `history` says what of the past can be used, `repair` what of a matrix can be believed.
"""
