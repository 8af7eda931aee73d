"""What the page *Embeddings* is made of."""
