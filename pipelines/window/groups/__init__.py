"""Speeches by speaker, meeting and year; edits after publication; Atom feeds. Made from summaries alone."""
