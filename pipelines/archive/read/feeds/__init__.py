"""What an archive tells over time: events, view counts, the speeches of a moment."""
