"""Passages of texts of which every character counts."""
