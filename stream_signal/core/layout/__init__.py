"""The layout of an input: how its bytes are to be read, found once, by names first and by content then."""
