"""One run writing into an archive, from admission to the commit; and the one allowed rewrite, a redaction."""
