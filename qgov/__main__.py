"""`python -m qgov`."""

from qgov.cli import main

if __name__ == "__main__":
    main()
