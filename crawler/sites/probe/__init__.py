"""Looking at a site nobody has a profile of: which CMS, which section, what would be archived."""
