"""One label out of several."""
