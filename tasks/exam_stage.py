"""What every per-exam stage shares: run once, turn a rejection into a record, and never let one exam stop a run."""

from __future__ import annotations

import functools
import logging
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE

from petarseg.errors import ConfigError, ContractError, ExamRejected, InternalError, PetarsegError, StorageError, TransientError
from petarseg.reasons import Reason
from tasks.workspace import Workspace

logger = logging.getLogger("petarseg.stage")

Made = tuple[Mapping[str, Any], Sequence[Path]]


def transient(_task: Any, _run: Any, state: Any) -> bool:
    """Tell Prefect to try again only what may go better the next time."""
    try:
        state.result()
    except TransientError:
        return True
    except Exception:  # noqa: BLE001 - the question is only whether the error was transient; Prefect keeps the state itself
        return False
    return False


Function = TypeVar("Function", bound=Callable[..., Any])


def exam_task(**options: Any) -> Callable[[Function], Any]:
    """Make a Prefect task for one exam or one batch.

    No Prefect cache (the workspace decides what is done), retries for TransientError only, and no unforeseen error reaches Prefect's
    logs and database with a message that may quote patient data.
    """
    settings: dict[str, Any] = {
        "cache_policy": NO_CACHE,
        "persist_result": False,
        "retries": 3,
        "retry_delay_seconds": [2, 10, 60],
        "retry_condition_fn": transient,
        **options,
    }

    def decorate(function: Function) -> Any:
        return task(**settings)(discreet(function))

    return decorate


def discreet(function: Function) -> Function:
    """Replace unforeseen errors of `function` by an InternalError that names their class and place only."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except PetarsegError as error:
            # Prefect logs the chain of causes; that of a library quotes values, paths and answers of servers.
            error.__cause__ = None
            error.__suppress_context__ = True
            raise
        except Exception as error:  # noqa: BLE001 - becomes an InternalError below, without its message
            if os.environ.get("PETARSEG_DEBUG"):
                traceback.print_exc()
            message = f"{type(error).__name__} at {where(error)}"
        raise InternalError(message)

    return cast(Function, wrapped)


def exam_stage(workspace: Workspace, stage: str, exam_id: str, inputs: Sequence[object], make: Callable[[], Made]) -> dict[str, Any]:
    """Run a stage for one exam.

    Returns
    -------
    dict
        What `make` returned plus ``exam_id``, ``status`` ("ok" or "rejected") and ``reused``. A rejection also holds ``reason`` and
        ``evidence``; it is remembered like a success, so that a rerun does not try again. An unforeseen error becomes a rejection
        ``internal_error`` that the next run tries again; its evidence names the error's class and the line of ours, never its message,
        because messages of libraries quote file names and header values.

    Raises
    ------
    ConfigError, StorageError, TransientError, ContractError
        These concern the run, not the exam.
    """

    def guarded() -> Made:
        try:
            result, files = make()
        except ExamRejected as rejection:
            return {"status": "rejected", "reason": rejection.reason.value, "evidence": rejection.evidence}, []
        return {"status": "ok", **result}, files

    try:
        done = workspace.once(stage, exam_id, inputs, guarded)
    except (ConfigError, StorageError, TransientError, ContractError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - one exam's bug must not stop a run of thousands; it becomes a row with evidence
        evidence = {"error": type(error).__name__, "where": where(error)}
        logger.error("%s: internal error in stage %s: %s at %s", exam_id, stage, evidence["error"], evidence["where"])
        rejection = {"status": "rejected", "reason": Reason.INTERNAL_ERROR.value, "evidence": evidence}
        workspace.forget(stage, exam_id, rejection)
        return {"exam_id": exam_id, "reused": False, **rejection}
    return {"exam_id": exam_id, "reused": done.reused, **done.result}


def where(error: BaseException) -> str:
    """Return ``module.py:line`` of the innermost frame that is ours, which locates a bug without quoting data."""
    root = Path(__file__).resolve().parents[1]
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    ours = [frame for frame in ours if ".venv" not in frame.filename] or traceback.extract_tb(error.__traceback__)
    if not ours:
        return "unknown"
    last = ours[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
