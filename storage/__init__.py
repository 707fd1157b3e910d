"""Keep all SQL."""
