"""What a reviewer keeps: tables, statements and the pack that holds them."""
