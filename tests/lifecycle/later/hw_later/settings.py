"""The settings of a later version."""

from headwater.config.settings import *  # noqa: F403
from headwater.config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "hw_later"]
