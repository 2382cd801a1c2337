"""The verbs that record what a person decides, each in a commit of its own."""
