"""Things in a picture, each with its own mask and a class."""
