"""Files that Headwater wrote come back in without anybody saying what their columns are, in each language."""

import pytest
from django.conf import settings
from django.utils import translation

from headwater.intake.suggested import suggestions_for
from headwater.intake.table import Table
from headwater.platform.exports import exported_columns, headings
from headwater.platform.installation import installation
from headwater.platform.resource import REGISTRY

IMPORTED = [key for key, resource in sorted(REGISTRY.items()) if resource.importer is not None]
# A file of people has the parts of a name beside the whole; somebody is named by either of two targets.
ALIKE = {"name": {"name", None}, "owner": {"owner", "owner_name"}, "outcome": {"outcome", "state"}}
PLURALS = {"tags": "tag", "sources": "source", "products": "product", "organisation": "company"}


class Written(Table):
    """A file with one row, in which nothing but a name stands."""

    def __init__(self, header, columns):
        self.header, self.columns = header, columns

    def sample(self, limit):
        return [["Orla Keane" if column.key == "name" else "" for column in self.columns]]


@pytest.mark.django_db
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("key", IMPORTED)
def test_the_heads_of_our_own_files_are_known(key, language, company):
    resource = REGISTRY[key]
    keys = {target.key for target in resource.importer.targets}
    with translation.override(language):
        columns = exported_columns(resource)
        table = Written(headings(columns, installation().zone), columns)
        found = suggestions_for(table, resource.importer)
    for column, suggestion in zip(columns, found, strict=True):
        wanted = ALIKE.get(column.key) or {column.key if column.key in keys else PLURALS.get(column.key)}
        assert suggestion.target in wanted, (column.key, suggestion)
