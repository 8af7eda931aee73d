"""Runs side by side: tables of several, tag groups, paired intervals, repeats, decisions, pairs of labels."""
