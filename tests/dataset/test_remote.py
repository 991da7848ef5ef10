"""A dataset opens where it lies: S3 (a real HTTP server in this process), plain HTTP, fsspec's memory, and the hub (a stub of it)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest

import petarseg.dataset
from petarseg.dataset.reader import Dataset, Shard
from petarseg.dataset.sampler import Sampler
from petarseg.dataset.shards import write_shard
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

LIGHT = ("lesion_id", "suv_max")


def same(found: Dataset, wanted: Dataset) -> None:
    """Compare rows and crops of two ways to open one dataset."""
    assert [row["lesion_id"] for row in found.lesions] == [row["lesion_id"] for row in wanted.lesions]
    for index in range(len(wanted)):
        got, want = found[index], wanted[index]
        assert got["start_ijk"] == want["start_ijk"]
        for name in ("pet", "ct", "lesions"):
            np.testing.assert_array_equal(got[name], want[name])


@pytest.fixture(scope="module")
def s3(built_dataset: Path) -> Iterator[dict[str, Any]]:
    """The dataset in a bucket of moto's S3 server, which speaks S3 over HTTP; yields fsspec's options."""
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "key": "testing",
        "secret": "testing",
        "client_kwargs": {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"},
    }
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    client.create_bucket(Bucket="cohort")
    for path in (built_dataset / "lesions.parquet", *sorted((built_dataset / "shards").iterdir())):
        client.upload_file(str(path), "cohort", f"v1/{path.relative_to(built_dataset).as_posix()}")
    yield options
    server.stop()


def test_s3(s3: dict[str, Any], built_dataset: Path) -> None:
    found = petarseg.dataset.open("s3://cohort/v1", storage_options=s3, jitter=0.2)
    same(found, petarseg.dataset.open(built_dataset, jitter=0.2))
    np.testing.assert_array_equal(found.volume("E1", "ct").array, petarseg.dataset.open(built_dataset).volume("E1", "ct").array)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_s3_with_workers_that_start_after_the_parent_has_read(s3: dict[str, Any], built_dataset: Path, context: str) -> None:
    data = pytest.importorskip("torch.utils.data")
    options: dict[str, Any] = {"columns": LIGHT, "volumes": ("pet", "lesions"), "jitter": 0.2, "seed": 3}
    remote = petarseg.dataset.open("s3://cohort/v1/", storage_options=s3, **options)
    local = petarseg.dataset.open(built_dataset, **options)
    assert remote[0]["lesion_id"] == local[0]["lesion_id"]
    sampler = Sampler(remote, epoch=1)
    loader = data.DataLoader(remote, batch_size=5, sampler=sampler, num_workers=2, multiprocessing_context=context)
    batches = list(loader)
    wanted = [local[key] for key in sampler]
    np.testing.assert_array_equal(np.concatenate([batch["pet"].numpy() for batch in batches]), np.stack([item["pet"] for item in wanted]))
    assert [name for batch in batches for name in batch["lesion_id"]] == [item["lesion_id"] for item in wanted]


def test_s3_says_what_is_missing(s3: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="no dataset"):
        petarseg.dataset.open("s3://cohort/v2", storage_options=s3)
    with pytest.raises(ConfigError, match=r"E9.*no readable shard"):
        petarseg.dataset.open("s3://cohort/v1", storage_options=s3).shard("E9")


def test_memory(built_dataset: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.put(str(built_dataset / "lesions.parquet"), "/tiny/lesions.parquet")
    for path in (built_dataset / "shards").iterdir():
        memory.put(str(path), f"/tiny/shards/{path.name}")
    same(petarseg.dataset.open("memory://tiny"), petarseg.dataset.open(built_dataset))


class RangeHandler(SimpleHTTPRequestHandler):
    """A static web server that knows ranges, as any real one does, and counts the bytes that it sent."""

    sent: ClassVar[list[int]] = []

    def send_head(self) -> Any:
        if "Range" not in self.headers:
            return super().send_head()
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        answer_range(self, path, self.sent)
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def answer_range(handler: BaseHTTPRequestHandler, path: Path, sent: list[int]) -> None:
    """Send the bytes that the client asks for, or all."""
    data = path.read_bytes()
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", handler.headers.get("Range", ""))
    if found is None:
        first, last = 0, len(data) - 1
    elif found[1]:
        first, last = int(found[1]), min(int(found[2] or len(data) - 1), len(data) - 1)
    else:
        first, last = max(0, len(data) - int(found[2])), len(data) - 1
    handler.send_response(206 if found else 200)
    handler.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
    handler.send_header("Content-Length", str(last - first + 1))
    handler.send_header("Accept-Ranges", "bytes")
    handler.send_header("ETag", '"0"')
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data[first : last + 1])
        sent.append(last - first + 1)


@pytest.fixture(scope="module")
def web(built_dataset: Path) -> Iterator[str]:
    pytest.importorskip("aiohttp")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(RangeHandler, directory=str(built_dataset))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_http(web: str, built_dataset: Path) -> None:
    same(petarseg.dataset.open(web), petarseg.dataset.open(built_dataset))


def test_a_crop_fetches_what_it_touches(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = Volume(rng.random((96, 96, 480), dtype=np.float32), np.eye(4), Units.SUVBW)
    write_shard({"pet": noise}, tmp_path / "big.parquet")
    size = (tmp_path / "big.parquet").stat().st_size
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(RangeHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        RangeHandler.sent.clear()
        shard = Shard(f"http://127.0.0.1:{server.server_address[1]}/big.parquet")
        crop = shard.read("pet", (10, 10, 240), (42, 42, 272))
        server.shutdown()
    np.testing.assert_array_equal(crop, noise.array[10:42, 10:42, 240:272])
    assert sum(RangeHandler.sent) < 0.15 * size, "one of ten layers, and the footer"


class HubHandler(BaseHTTPRequestHandler):
    """As much of the hub as HfFileSystem asks for to read a public dataset. A stand-in: the real service may differ."""

    root: ClassVar[Path]

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def reply(self, value: object, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 404:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        self.wfile.write(body)

    def entry(self, path: Path) -> dict[str, object]:
        name = path.relative_to(self.root).as_posix()
        kind = {"type": "directory", "size": 0} if path.is_dir() else {"type": "file", "size": path.stat().st_size}
        return {**kind, "oid": "0" * 40, "path": name}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = json.loads(body) if body.startswith(b"{") else parse_qs(body.decode())
        paths = [self.root / name for name in form["paths"]]
        self.reply([self.entry(path) for path in paths if path.exists()])

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = unquote(urlsplit(self.path).path)
        if found := re.fullmatch(r"/(?:datasets/)?lab/cohort/resolve/[^/]+/(.+)|/datasets/lab/cohort/resolve/[^/]+/(.+)", url):
            path = self.root / (found[1] or found[2])
            if path.is_file():
                answer_range(self, path, [])
            else:
                self.reply({"error": "not found"}, 404)
        elif found := re.fullmatch(r"/api/datasets/lab/cohort/tree/[^/]+/?(.*)", url):
            folder = self.root / found[1]
            self.reply(
                [self.entry(path) for path in sorted(folder.iterdir())] if folder.is_dir() else {"error": "x"},
                200 if folder.is_dir() else 404,
            )
        elif re.fullmatch(r"/api/datasets/lab/cohort(/revision/.+)?", url):
            self.reply(
                {"_id": "1", "id": "lab/cohort", "sha": "0" * 40, "siblings": [], "tags": [], "downloads": 0, "likes": 0, "private": False}
            )
        else:
            self.reply({"error": url}, 404)


def test_the_hub_as_far_as_a_stub_goes(built_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    handler = type("Handler", (HubHandler,), {"root": built_dataset})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = {"endpoint": f"http://127.0.0.1:{server.server_address[1]}", "token": False, "skip_instance_cache": True}
        same(petarseg.dataset.open("hf://datasets/lab/cohort", storage_options=options), petarseg.dataset.open(built_dataset))
        server.shutdown()
