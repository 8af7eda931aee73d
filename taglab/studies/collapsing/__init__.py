"""Collapsing tags: what the three stages of it do, and trials of them beside what was published."""
