"""KesionCMS (classic ASP, 6.5 to X2): addresses, list pages, article pages, the counter and the notices."""
