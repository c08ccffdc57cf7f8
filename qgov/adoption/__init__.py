"""How a company begins: a first repository, and each new tenant from its templates."""
