"""The commands about one text: its history, the text itself, what differs between two states of it."""
