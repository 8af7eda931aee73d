"""Metrics: arrays in, numbers or a frozen result out; each is a pure function that checks its input first."""
