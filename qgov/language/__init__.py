"""What a person may write: YAML with positions to typed documents."""
