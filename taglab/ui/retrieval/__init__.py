"""The Retrieval page: a space of artists, tags and sound is asked, and the answer heard."""
