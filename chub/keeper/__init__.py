"""The process that outlives a command: it holds containers' output and learns how they end (docs/design/0001)."""
