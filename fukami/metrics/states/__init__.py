"""The running sums that several metrics share, one kind per file."""
