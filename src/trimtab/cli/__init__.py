"""The command line: what is typed becomes one call, and its result text or JSON."""
