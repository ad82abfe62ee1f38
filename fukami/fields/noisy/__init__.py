"""Recordings with noise in them, which is to be taken out."""
