"""The errors of petarseg; the class decides what happens next.

::

    PetarsegError
    ├── ConfigError          wrong usage, configuration or unreadable input: stop before the first exam (exit code 2)
    ├── StorageError         the output disk is full or read-only: stop, keep what is done, resume later (exit code 2)
    ├── TransientError       a server, a disk or a lock that may recover: retry, then pause the run
    ├── InternalError        a bug of petarseg, named by class and place without quoting data (exit code 70)
    ├── ContractError        a table breaks its data contract: nothing is published
    └── Rejected             bad input: a row in rejected.parquet, the run goes on
        ├── ExamRejected     the whole exam is out
        │   └── QuantificationError   no trustworthy SUV
        └── FindingRejected  one statement of the report is out

Evidence and messages of these errors end up in logs, the Prefect database and published tables. They hold reason codes, attribute
keywords, counts and measured numbers, never names, ids, dates, UIDs, source paths or free text of a header.
"""

from __future__ import annotations

from collections.abc import Mapping

from petarseg.reasons import Reason

Evidence = Mapping[str, object]


class PetarsegError(Exception):
    """Base of all errors that petarseg raises on purpose."""


class ConfigError(PetarsegError):
    """Wrong usage, configuration or unreadable input; the message names the setting or file and the way out."""


class StorageError(PetarsegError):
    """The output disk is full or cannot be written: the run stops, finished work stays, the same command resumes it."""


class TransientError(PetarsegError):
    """Something outside may recover (a server, a lock, a full queue): worth another try."""


class InternalError(PetarsegError):
    """A bug of petarseg; the message names the original error's class and place, never its text."""


class ContractError(PetarsegError):
    """A table breaks its data contract, so nothing is published.

    Parameters
    ----------
    table, column, rule, key : str
        Which table and column, which rule of the contract, and the key of the (first) offending row.
    """

    def __init__(self, table: str, column: str, rule: str, key: str) -> None:
        self.table, self.column, self.rule, self.key = table, column, rule, key
        super().__init__(f"{table}.{column} breaks {rule!r} at {key}")


class Rejected(PetarsegError):
    """Input that cannot be used, with a reason code and the evidence for it.

    Parameters
    ----------
    reason : Reason
        The code that goes into ``rejected.parquet``.
    evidence : mapping
        JSON-serialisable facts that let a person see why. Never identifying.
    """

    def __init__(self, reason: Reason, evidence: Evidence | None = None) -> None:
        self.reason = reason
        self.evidence: dict[str, object] = dict(evidence or {})
        super().__init__(f"{reason.value}: {reason.description}")

    def __reduce__(self) -> tuple[type[Rejected], tuple[Reason, dict[str, object]]]:
        """Survive a trip through a process pool."""
        return type(self), (self.reason, self.evidence)


class ExamRejected(Rejected):
    """The exam cannot be used; other exams go on."""


class QuantificationError(ExamRejected):
    """No trustworthy SUV can be computed for the PET series. There is no default factor."""


class FindingRejected(Rejected):
    """One statement of a report cannot be used; the exam's other findings go on."""
