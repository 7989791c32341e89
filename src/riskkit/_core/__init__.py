"""Private plumbing shared by the packages; never imported by users."""
