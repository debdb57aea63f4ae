"""What happens beside a record: colleagues talk about it, follow it and keep files with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """What all facts about a record's comments, followers and files say: which record it is."""

    row_type: str
    row_id: int


@dataclass(frozen=True, kw_only=True)
class CommentAdded(
    OnRecord,
    Fact,
    verb="team.comment_added",
    subject="platform.row:row_id",
    personal=("text",),
    sentence=_("Commented"),
    icon="message-circle",
):
    """Somebody said something to colleagues about a record; ``mentioned`` are the users who are meant by name."""

    comment_id: int
    text: str
    mentioned: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class CommentEdited(
    OnRecord,
    Fact,
    verb="team.comment_edited",
    subject="platform.row:row_id",
    personal=("before", "after"),
    sentence=_("Reworded a comment"),
    icon="pencil",
):
    """A comment says something else now; ``before`` is what it said."""

    comment_id: int
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class CommentDeleted(
    OnRecord,
    Fact,
    verb="team.comment_deleted",
    subject="platform.row:row_id",
    sentence=_("Deleted a comment"),
    icon="trash",
):
    """A comment is gone from the record; whoever deleted it can bring it back."""

    comment_id: int


@dataclass(frozen=True, kw_only=True)
class CommentRestored(
    OnRecord,
    Fact,
    verb="team.comment_restored",
    subject="platform.row:row_id",
    sentence=_("Brought a comment back"),
    icon="restore",
):
    """A deleted comment stands on the record again."""

    comment_id: int


@dataclass(frozen=True, kw_only=True)
class NoticeDone(
    Fact, verb="team.notice_done", subject="team.notice:notice_id", sentence=_("Read and done"), icon="check"
):
    """Somebody has dealt with a comment that was for them."""

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class NoticeReopened(
    Fact, verb="team.notice_reopened", subject="team.notice:notice_id", sentence=_("Waits again"), icon="bell"
):
    """A comment that was dealt with waits for its reader again."""

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class RecordFollowed(
    OnRecord,
    Fact,
    verb="team.record_followed",
    subject="platform.row:row_id",
    sentence=_("Follows this"),
    icon="bell",
):
    """Somebody wants to know what colleagues say about a record."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class RecordUnfollowed(
    OnRecord,
    Fact,
    verb="team.record_unfollowed",
    subject="platform.row:row_id",
    sentence=_("No longer follows this"),
    icon="bell",
):
    """Somebody does not want to know any more what colleagues say about a record."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class FileAdded(
    OnRecord,
    Fact,
    verb="team.file_added",
    subject="platform.row:row_id",
    personal=("name",),
    sentence=_("Added a file"),
    icon="files",
):
    """A file was put with a record; ``sha256`` is the checksum of its content."""

    file_id: int
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FileDeleted(
    OnRecord,
    Fact,
    verb="team.file_deleted",
    subject="platform.row:row_id",
    sentence=_("Deleted a file"),
    icon="trash",
):
    """A file is off the record; its content is kept for a while, so that it can come back."""

    file_id: int


@dataclass(frozen=True, kw_only=True)
class FileRestored(
    OnRecord,
    Fact,
    verb="team.file_restored",
    subject="platform.row:row_id",
    sentence=_("Brought a file back"),
    icon="restore",
):
    """A deleted file is with its record again."""

    file_id: int


@dataclass(frozen=True, kw_only=True)
class FilePurged(
    OnRecord,
    Fact,
    verb="team.file_purged",
    subject="platform.row:row_id",
    sentence=_("A deleted file is gone for good"),
    icon="trash",
):
    """The content of a file that was deleted long ago was removed from the data folder."""

    file_id: int
