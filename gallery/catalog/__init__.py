"""MongoDB, and nothing else does: the record of images, and what is remembered beside them."""
