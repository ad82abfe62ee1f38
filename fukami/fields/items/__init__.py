"""Items that come next: a ranking as the answer, a set of items as the truth."""
