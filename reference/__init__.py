"""The documentation that is made of the program: pages of the site, and man pages, of commands and of the SDK."""
