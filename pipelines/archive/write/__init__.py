"""Writing: one run from admission to commit, and redaction, the only allowed rewrite."""
