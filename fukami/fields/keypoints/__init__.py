"""Named points of each thing in a picture."""
