"""Pictures that are to be made."""
