"""Charts as inline SVG, one kind per file. Each takes plain numbers and gives markup."""
