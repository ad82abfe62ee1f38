"""Things in a picture, each with a box around it and a class."""
