"""The Robustness page: degraded sound heard, and what representations make of it."""
