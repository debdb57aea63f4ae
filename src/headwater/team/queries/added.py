"""How much our people added to records: what they said about them, put with them, and who follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headwater.team.models import Comment, StoredFile
from headwater.team.queries.followers import words_about


def added_to(noun: str, ids: Sequence[int]) -> Counter[str]:
    """How much was added to the record with these ids, by what it is called; nothing of what there is none of."""
    rows = {"noun": noun, "row_id__in": list(ids)}
    there = {"comments": Comment.objects.filter(**rows, deleted_at=None).count(),
             "files": StoredFile.objects.filter(**rows, deleted_at=None).count(),
             "followers": sum(words_about(noun, ids).values())}  # fmt: skip
    return +Counter(there)
