"""From a plan to booked fills: order states, the pre-trade gate, resumable application. Pure."""
