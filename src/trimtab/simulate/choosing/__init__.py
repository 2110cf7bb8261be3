"""Which policy: sweeps over many, and advice for one portfolio."""
