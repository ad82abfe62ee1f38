"""How a column writes its cells: found out once, kept as plain data, and applied alike wherever cells are read."""
