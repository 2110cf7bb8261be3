"""What weights may be best by, and under which limits: from estimates to weights."""
