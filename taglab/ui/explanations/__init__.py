"""The Explanations page: who is recommended what, by which tags, and whether that is true."""
