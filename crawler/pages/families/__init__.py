"""CMS families: one file of facts each."""
