"""containerd's own objects, for people: what there is of them, what uses them, and how to be rid of them."""
