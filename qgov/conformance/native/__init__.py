"""Proof that what a cloud itself enforces is what the documents say: the policies that were
emitted for it, put to an evaluator that others wrote."""
