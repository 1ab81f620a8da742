"""One file a screen, with its templates beside it."""
