"""What a Keycloak is to be, as values: `terraform` and `representation` lay the same ones out."""
