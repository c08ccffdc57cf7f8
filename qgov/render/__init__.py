"""Views of what was found out. Pure: a value in, text or bytes out."""
