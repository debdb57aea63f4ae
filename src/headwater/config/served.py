"""The web application as ``headwater up`` serves it: it ends when its server is gone."""

import os

from headwater.config.parent import when_orphaned
from headwater.config.wsgi import application

# A request cut off here is a rolled back transaction; waiting for a server that was killed would keep the port.
when_orphaned(lambda: os._exit(0), parent=os.getppid())

__all__ = ["application"]
