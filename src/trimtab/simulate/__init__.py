"""The engine over dates: backtests, their calendar and their figures."""
