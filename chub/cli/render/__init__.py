"""How things look: tables, JSON, help."""
