"""The nouns that a Python program uses."""
