"""What a person decides about an archive, each a kind of commit."""
