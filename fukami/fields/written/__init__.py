"""Texts that are written as an answer, of which several may be right. The field is in `field.py`."""
