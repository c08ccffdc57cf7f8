"""What runs against what was reviewed: observers of real systems, and the difference."""
