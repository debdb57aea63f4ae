"""What can be done with ourselves, one module per noun: accounts, company (and its first run), tokens, signing in."""
