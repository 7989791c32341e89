"""``python -m riskkit`` is the ``riskkit`` command."""

from riskkit.cli import main

if __name__ == "__main__":
    main()
