"""What trading costs: one object serves the engine and the simulator."""
