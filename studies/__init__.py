"""Published findings about rebalancing, checked with Trimtab: see docs/studies.md."""
