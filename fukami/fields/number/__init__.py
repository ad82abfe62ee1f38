"""Numbers to be predicted."""
