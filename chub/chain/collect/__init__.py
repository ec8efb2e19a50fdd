"""What each layer can say of a container.

A collector asks one layer, and says what it could not learn, and why.
"""
