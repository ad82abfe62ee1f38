"""Any number of labels out of several."""
