"""Kim 2021, chapter 2, carried out: networks of several learning sources, set to other tasks."""
