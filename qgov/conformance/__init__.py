"""Conformance: cases derived from the documents, asked of a compiled bundle, and circuits
that run or do not."""
