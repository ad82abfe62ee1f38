"""Kinds of columns of a row: what each one holds, and how its cells become numbers and categories. A file is a kind."""
