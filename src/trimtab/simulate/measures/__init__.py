"""What a run came to: metrics, returns where money comes and goes."""
