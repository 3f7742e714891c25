"""The errors Waybill raises on purpose, each with the exit code its command ends with."""

from typing import ClassVar


class WaybillError(Exception):
    """Base of every error that is told to a person by its message alone, without a traceback."""

    exit_code: ClassVar[int] = 3


class GateRed(WaybillError):
    """A gate is red, or a verification or a lint failed (exit code 1)."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(WaybillError):
    """Wrong usage or configuration (exit code 2): what, where and how to mend, a line a problem."""

    exit_code: ClassVar[int] = 2


class CannotFinish(WaybillError):
    """The work could not be finished: a fetch, the disk or a bug (exit code 3)."""

    exit_code: ClassVar[int] = 3
