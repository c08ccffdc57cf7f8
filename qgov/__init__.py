"""qgov: access to quantum clouds as a reviewed change.

A configuration repository (tenants, roles, budgets, retention) is read,
checked and compiled into identity-provider group mappings, Terraform and a
runtime policy bundle; around the compiler stand a semantic plan, a conformance
runner and a drift detector.
"""

__version__ = "0.1.0"
