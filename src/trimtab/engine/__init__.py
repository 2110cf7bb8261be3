"""The decision: value, aim, due, trade, relieve, finish, explain. Pure; the same for everyone."""
