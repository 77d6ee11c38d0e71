"""The one tree of errors.

    FaqdeskError
      InputError            what the user gave cannot be used
        AddressError
        EmptyTextError
        ImportFileError
          PasswordNeededError
        MappingError
        MaskUnconfirmedError
        PictureError
        SettingError
        SlowReadError
      NotFoundError         no such row
      ConflictError         somebody else was first
        WorseError          a release was judged worse than the one in force
      PermissionDeniedError
      ModelError            a model folder cannot be used
        ModelMissingError
        ModelDamagedError
        ModelVersionError
      TooFewLabelsError     not enough to learn from
      CollectError          a source of listings refuses, or cannot be reached
        QuotaError          it has been asked as often as it allows
      IndexServerError      the index server cannot be reached, is too slow, or refuses
        OtherVersionError   it is of another desk, or of another release
      BusyError             too much is asked at once
      WorkspaceError        the folder, its database or its key cannot be used
      BackupError           a backup cannot be made, read, or put in place
      JobCancelledError     somebody pressed cancel

A message names the value and the cure. Only `web/` turns them into HTTP statuses and exit codes.
"""


class FaqdeskError(Exception):
    """Anything faqdesk refuses to do, in words for the person who asked."""


class InputError(FaqdeskError):
    """What the user gave cannot be used."""


class AddressError(InputError):
    """An address may not be asked: no plain web address, or not of the public network."""


class EmptyTextError(InputError):
    """There is no text to work on."""


class ImportFileError(InputError):
    """A file cannot be read as the format it is said to be."""


class PasswordNeededError(ImportFileError):
    """A file has a password, and none or a wrong one was given."""


class MappingError(InputError):
    """A mapping file names columns or tables that are not there."""


class MaskUnconfirmedError(InputError):
    """A text to be sent holds masks, and nobody said that it shall go out so."""


class PictureError(InputError):
    """A picture is missing, too large, or cannot be decoded."""


class SettingError(InputError):
    """A setting is unknown or out of its range."""


class SlowReadError(InputError):
    """Looking for what was typed takes too long, and was broken off."""


class NotFoundError(FaqdeskError):
    """No row has this id."""


class ConflictError(FaqdeskError):
    """The row changed meanwhile: somebody else was first."""


class UndoRefusedError(ConflictError):
    """A change cannot be taken back, and nothing was touched.

    `why` is "undone": it was taken back already; "later": the change `later` stands upon it;
    "outside": what it wrote was changed since by what is kept in no list; "used": `n` answers hold
    what it made.
    """

    def __init__(self, words: str, *, why: str, later: int | None = None, n: int = 0) -> None:
        """Take the words for the command line, and what a page makes its own of."""
        super().__init__(words)
        self.why = why
        self.later = later
        self.n = n


class JoinedError(ConflictError):
    """The inquiry is answered with another one; `head` is that one's id."""

    def __init__(self, words: str, *, head: int) -> None:
        """Take the words for the person who asked."""
        super().__init__(words)
        self.head = head


class UnseenError(ConflictError):
    """The customer wrote something that whoever answers has not been shown."""


class WorseError(ConflictError):
    """A release was judged worse than the one in force, and nobody insisted with a reason."""


class PermissionDeniedError(FaqdeskError):
    """This person's role does not allow it."""


class ModelError(FaqdeskError):
    """A model folder cannot be used."""


class ModelMissingError(ModelError):
    """There is no such model yet."""


class ModelDamagedError(ModelError):
    """A model's files do not match their manifest."""


class ModelVersionError(ModelError):
    """A model is foreign, or was written by a newer faqdesk."""


class TooFewLabelsError(FaqdeskError):
    """Too little labelled history to learn from."""


class CollectError(FaqdeskError):
    """A source of listings refuses, or cannot be reached."""


class QuotaError(CollectError):
    """A source has been asked as often as it allows for now."""


class IndexServerError(FaqdeskError):
    """The index server cannot be reached, is too slow, or refuses.

    `missing` says that it answered, and has no such row; `away` that it did not answer, or not yet:
    what was asked may be asked again.
    """

    def __init__(self, words: str, *, missing: bool = False, away: bool = False) -> None:
        """Take the words for the person who asked."""
        super().__init__(words)
        self.missing = missing
        self.away = away


class OtherVersionError(IndexServerError):
    """The index server is of another desk, or has another release in force."""


class BusyError(FaqdeskError):
    """Too much is asked at once; `retry_after` is in seconds."""

    def __init__(self, words: str, *, retry_after: int) -> None:
        """Take the words for the person who asked, and when to come again."""
        super().__init__(words)
        self.retry_after = retry_after


class WorkspaceError(FaqdeskError):
    """The workspace folder, its database or its key cannot be used."""


class BackupError(FaqdeskError):
    """A backup cannot be made, read, or put in place."""


class JobCancelledError(FaqdeskError):
    """Somebody cancelled this job."""
