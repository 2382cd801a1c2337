"""The queue of a cluster: what puts sites in and keeps it in order, what a person orders of it, how it is shown."""
