"""What a container can be asked to be: frozen records, a group a module, and parsers of their text forms."""
