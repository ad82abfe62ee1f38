"""One family per file, sizes as data. A model takes tensors and gives features of a kind; it never knows a task."""
