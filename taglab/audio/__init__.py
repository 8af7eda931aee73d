"""Sound: what a tagger hears."""
