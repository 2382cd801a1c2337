"""What a page needs to look as it did: style sheets and pictures of its template, captured once."""
