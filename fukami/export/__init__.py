"""Handing a run to other programs: its network in another format, with everything from raw input to answer beside it."""
