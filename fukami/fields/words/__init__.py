"""Sentences as sequences of words. The field is in `field.py`."""
