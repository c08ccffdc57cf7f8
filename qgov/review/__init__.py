"""Access reviews: who has what through which group, and what becomes of that."""
