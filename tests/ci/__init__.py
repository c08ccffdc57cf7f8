"""What runs in continuous integration: the linters, the action, and the comment."""
