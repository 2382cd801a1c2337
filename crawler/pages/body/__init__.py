"""The body of an article: which lines of a page are its text, and what is cut from them."""
