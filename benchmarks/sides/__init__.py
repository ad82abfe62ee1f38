"""How Fukami, a library or a loop by hand is asked to train: one way per file, shared by the works."""
