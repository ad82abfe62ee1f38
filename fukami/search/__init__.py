"""Finding what is alike: the index of a run, the nearest of a question, copies and series in a folder, and the best of each."""
