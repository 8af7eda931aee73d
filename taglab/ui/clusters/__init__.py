"""What the page *Clusters* is made of."""
