"""Metrics, one per file. A metric reads its value from a running state of fixed size; see `contract`."""
