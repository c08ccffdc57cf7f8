"""What runs, written into the configuration: a reviewed change like any other."""
