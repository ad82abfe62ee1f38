"""What is said in recordings, letter by letter."""
