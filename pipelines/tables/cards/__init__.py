"""What is written beside tables to describe them: for people and for programs."""
