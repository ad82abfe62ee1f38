"""Checks over whole data sets, one per file: `check(evidence)` yields problems. The folder is the registry."""
