"""Shows on one's own machines that a fleet of workers loses nothing when they, or their database, are killed."""
