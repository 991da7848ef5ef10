"""A PostgreSQL server of one's own: a cluster in a temporary folder, reached through a port that was free."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Start a server; yield the address of an empty database as SQLAlchemy writes it. Skips, visibly, where PostgreSQL is not installed."""
    programs = [Path(found).parent for found in [shutil.which("initdb")] if found]
    programs += sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian keeps them off the PATH
    if not programs:
        pytest.skip("needs PostgreSQL (initdb, pg_ctl): apt-get install postgresql")
    # The server refuses to run as root.
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with tempfile.TemporaryDirectory(prefix="petarseg-postgresql-") as folder, socket.socket() as probe:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()

        def call(program: str, *args: str) -> None:
            subprocess.run(
                [str(programs[0] / program), "-D", f"{folder}/cluster", *args],
                cwd=folder, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], check=True, timeout=120, stdout=subprocess.DEVNULL,
            )  # fmt: skip

        call("initdb", "--auth=trust", "--username=prefect", "--encoding=UTF8", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
        call("pg_ctl", "start", "--wait", "--log", f"{folder}/log", "--options", options)
        try:
            yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", "--wait", "--mode", "immediate")
