"""How texts go on."""
