"""What the page *Training* is made of."""
