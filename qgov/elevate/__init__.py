"""Elevations carried out: the one package that writes to a real system, and memberships of
just-in-time groups are all that it writes."""
