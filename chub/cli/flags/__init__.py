"""Option groups as flags: each a record of `chub.options`, spelled for typer."""
