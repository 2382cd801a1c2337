"""Probes a site without a profile: which CMS, which section, what would be archived."""
