"""What the documents mean together: the AccessModel and the table of accesses."""
