"""What the page *Cleaning* is made of."""
