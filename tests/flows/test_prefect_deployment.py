"""`prefect deployment run build-petarseg`, literally, against a real server (on SQLite and on PostgreSQL) and a real worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import ROOT, environment, petarseg
from tests.postgresql import running_postgresql

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]


@dataclass(frozen=True)
class Server:
    """A running Prefect server and the environment in which commands find it."""

    url: str
    env: dict[str, str]
    folder: Path

    def prefect(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "prefect"), *args],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def post(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read())


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request) -> Iterator[dict[str, str]]:
    """What tells Prefect's server which database to use."""
    if request.param == "sqlite":
        yield {}
        return
    with running_postgresql() as url:
        yield {"PREFECT_API_DATABASE_CONNECTION_URL": url}


@pytest.fixture(scope="module")
def server(tmp_path_factory, database) -> Iterator[Server]:
    """A real `prefect server start` on a free port, with its own database."""
    folder = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    env = environment() | {"PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    command = [str(Path(sys.executable).parent / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env | database, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url + "/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
                time.sleep(0.2)
        else:
            pytest.fail("the Prefect server did not start")
        ready = Server(url, env | {"PREFECT_API_URL": url}, folder)
        ready.prefect("work-pool", "create", "petarseg", "--type", "process")
        ready.prefect("--no-prompt", "deploy", "--all")
        yield ready
    finally:
        stop(process)


@pytest.fixture(scope="module")
def worker(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """A real process worker."""
    command = [str(Path(sys.executable).parent / "prefect"), "worker", "start", "--pool", "petarseg", "--type", "process"]
    with (server.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=server.env, stdout=log, stderr=log, start_new_session=True)
    yield process
    stop(process)


def test_the_database_is_the_one_asked_for(server, database):
    assert (server.folder / "prefect.db").exists() == (not database)


def test_both_deployments_are_registered(server):
    listed = server.prefect("deployment", "ls").stdout
    assert "build-petarseg/local" in listed
    assert "recurate-petarseg/nightly" in listed
    nightly = server.post("/deployments/filter", {"deployments": {"name": {"any_": ["nightly"]}}})[0]
    assert nightly["schedules"][0]["schedule"]["cron"] == "30 1 * * *"


def test_the_configuration_is_a_form_with_descriptions(server):
    local = server.post("/deployments/filter", {"deployments": {"name": {"any_": ["local"]}}})[0]
    schema = local["parameter_openapi_schema"]
    assert {"archive", "reports", "out", "key_dir", "config"} <= set(schema["properties"])
    assert schema["definitions"]["LesionsConfig"]["properties"]["fwhm_mm"]["description"]


def test_a_name_that_does_not_exist_still_gets_prefects_own_message(server):
    done = server.prefect("deployment", "run", "no-such-flow", check=False)
    assert done.returncode != 0
    assert "no-such-flow" in done.stdout + done.stderr


def test_the_literal_command_runs_a_build(server, worker, tmp_path):
    cohort = tmp_path / "cohort"
    petarseg("phantom", "--out", cohort, "--exams", 2)
    out = tmp_path / "out"
    done = server.prefect(
        *("deployment", "run", "build-petarseg", "--watch", "--watch-timeout", "280"),
        *("-p", f"archive={cohort / 'dicom'}", "-p", f"reports={cohort / 'reports.csv'}", "-p", f"out={out}"),
    )
    run = server.post(
        "/flow_runs/filter", {"sort": "EXPECTED_START_TIME_DESC", "limit": 1, "flow_runs": {"parent_task_run_id": {"is_null_": True}}}
    )[0]
    assert run["state_type"] == "COMPLETED", done.stdout + (server.folder / "worker.log").read_text()[-3000:]
    assert (out / "dataset" / "latest" / "lesions.parquet").exists()
    artifacts = server.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    keys = {artifact["key"] for artifact in artifacts}
    assert {"petarseg-funnel", "petarseg-rejects", "petarseg-qa"} <= keys
    assert any(artifact["type"] == "progress" for artifact in artifacts)
    shutil.rmtree(out)


def test_the_bare_command_needs_no_parameters(server):
    """Without -p it takes the deployment's own parameters; no worker is needed to see that the run is made."""
    done = server.prefect("deployment", "run", "build-petarseg")
    assert "Created flow run" in done.stdout
