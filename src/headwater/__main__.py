"""``python -m headwater`` is the command ``headwater``."""

from headwater.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
