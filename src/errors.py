"""Errors that end in one clear message instead of a traceback."""


class UsageError(Exception):
    """The user asked for something impossible; the message names the value and the remedy."""


class DataUnavailableError(UsageError):
    """A data set is neither on disk nor to be downloaded."""


class FolderTakenError(UsageError):
    """The run folder belongs to another run."""
