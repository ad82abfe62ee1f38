"""Passages of a text that answer a question."""
