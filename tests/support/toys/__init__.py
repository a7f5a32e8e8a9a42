"""Parts that nobody needs: each is one file, and one line in a list, as a part of the package is."""
