"""Words of a text that are hidden from the model. The field is in `field.py`."""
