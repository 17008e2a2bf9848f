"""Tools that run on a person's computer: the virtual board, image and flash tools, decoders."""
