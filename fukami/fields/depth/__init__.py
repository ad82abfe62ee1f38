"""How far away what a picture shows is, for each of its pixels."""
