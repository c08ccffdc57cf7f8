"""What a change does to effective access: one difference of two models."""
