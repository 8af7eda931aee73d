"""What the page *Genres* is made of."""
