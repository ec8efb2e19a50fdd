"""What is left over or broken on a host: found, with evidence, and mended where it is chub's own."""
