"""Series: numbers that follow each other in time, one column for each channel."""
