"""Figures: pure functions from tables and arrays to Plotly figures."""
