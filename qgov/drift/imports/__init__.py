"""A configuration of what exists: importing is adopting everything, and its proof is that nothing
differs."""
