"""One request to one decision: the reference, and the engines that must agree with it."""
