"""What a run that died leaves behind: its lines become a commit, and its last answers stand in for the site's."""
