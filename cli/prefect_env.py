"""Environment of Prefect for a build started from the command line; call before anything imports Prefect."""

from __future__ import annotations

import os
from pathlib import Path


def prepare(out: Path, *, verbose: bool = False) -> None:
    """Use the server that PREFECT_API_URL names; without one, an embedded server whose database lies in ``out/prefect``.

    Nothing is reported home, whatever the profile says.
    """
    # Exams are worked on side by side; linear algebra that starts its own threads makes them fight over the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # The run's log goes to the Prefect database whatever the terminal shows; errors reach the terminal as one message (cli/main.py).
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "INFO" if verbose else "CRITICAL")
    os.environ.setdefault("PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY", "false")
    if "PREFECT_API_URL" not in os.environ:
        os.environ.setdefault("PREFECT_HOME", str((out / "prefect").resolve()))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
        os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
        os.environ.setdefault("PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE", "200")
        os.environ.setdefault("PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL", "1")
