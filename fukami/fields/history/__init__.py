"""What somebody chose so far: a user and a list of items, in the order of time."""
