"""One module per command group or heavy command, imported when the command is named."""
