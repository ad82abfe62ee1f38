"""Numbers from which pictures are drawn."""
