"""What people see: colours and tables of a terminal."""
