"""One file for each kind of target that lies on pictures: how it marks rectangles, and where a batch of it has them."""
