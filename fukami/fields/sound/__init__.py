"""Recordings that are answered."""
