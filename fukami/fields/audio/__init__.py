"""Recordings: waves that networks hear, and what is heard in them."""
