"""Questions about texts."""
