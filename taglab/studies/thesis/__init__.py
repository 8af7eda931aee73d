"""The thesis: its models as recipes, the runs that stand for them, its tables, figures and claims."""
