"""Tags on the elements of a sequence: entities, parts of speech. The field is in `field.py`."""
