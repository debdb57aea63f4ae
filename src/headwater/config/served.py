"""The web application as ``headwater up`` serves it: it ends when its server is gone."""

import gc
import multiprocessing
import os

from headwater.config.parent import when_orphaned
from headwater.config.wsgi import application

# A request cut off here is a rolled back transaction; waiting for a server that was killed would keep the port. The
# server is asked for as it was when it started this process: it may have gone while the application was loaded.
_server = multiprocessing.parent_process()
when_orphaned(lambda: os._exit(0), parent=(_server.pid if _server else None) or os.getppid())

# What was loaded stays until the end: looking through all of it for garbage again and again would take a tenth of the
# time that pages take.
gc.collect()
gc.freeze()

__all__ = ["application"]
