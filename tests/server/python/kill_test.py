#!/usr/bin/env python3
"""Kills the server at random points and checks that nothing acknowledged is lost or doubled.

    kill_test.py FAKE_SERVER [--rounds 12] [--seed 1]

Each round starts the server on the same data folder, lets the queue go on, sends jobs while it
runs, and kills it (SIGKILL) after a random time. At the end it is left to finish; then every job
that was acknowledged must be done, with exactly its own pictures, whole on disk.
"""
import argparse
import hashlib
import http.client
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib


def png(shade: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes([shade, shade, shade]) * 8 for _ in range(8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Server:
    def __init__(self, program: str, folder: str, step_ms: int) -> None:
        self.process = subprocess.Popen([program, folder, str(step_ms)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), f"the server did not start: {line!r}"
        self.port = int(line.rsplit(":", 1)[1])

    def call(self, method: str, path: str, body=None, kind: str = "application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = json.dumps(body).encode() if kind == "application/json" and body is not None else body
            connection.request(method, path, data, {"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text and "json" in answer.headers["Content-Type"] else text
        finally:
            connection.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def one_round(server: Server, acknowledged: dict, source: str, rng: random.Random, deadline: float) -> None:
    server.call("POST", "/api/v1/queue/resume", {})
    for job in server.call("GET", "/api/v1/jobs?state=interrupted&limit=200")[1]["items"]:
        server.call("POST", f"/api/v1/jobs/{job['id']}/retry", {})
    while time.monotonic() < deadline:
        key = f"k{rng.randrange(10**12)}"
        status, job = server.call("POST", "/api/v1/jobs", {
            "kind": "img2img", "request": {"steps": 3, "batch": rng.choice([1, 2, 3]), "prompt": key}, "inputs": {"source": source}, "key": key})
        assert status in (200, 201), job
        acknowledged[key] = job
        time.sleep(rng.random() * 0.03)


def check_all(server: Server, acknowledged: dict) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        server.call("POST", "/api/v1/queue/resume", {})
        for job in server.call("GET", "/api/v1/jobs?state=interrupted&limit=200")[1]["items"]:
            server.call("POST", f"/api/v1/jobs/{job['id']}/retry", {})
        queue = server.call("GET", "/api/v1/queue")[1]
        if queue["queued"] == 0 and queue["running"] is None and not queue["interrupted"]:
            break
        time.sleep(0.2)
    seen = set()
    for key, job in acknowledged.items():
        status, now = server.call("GET", f"/api/v1/jobs/{job['id']}")
        assert status == 200, f"{job['id']} is lost"
        assert now["state"] == "done", f"{job['id']} is {now['state']}"
        assert now["request"] == job["request"], f"{job['id']} was changed"
        pictures = now["pictures"]
        assert len(pictures) == job["request"]["batch"], f"{job['id']} has {len(pictures)} pictures, expected {job['request']['batch']}"
        for index, picture_id in enumerate(pictures):
            assert picture_id not in seen, f"{picture_id} is doubled"
            seen.add(picture_id)
            picture = server.call("GET", f"/api/v1/pictures/{picture_id}")[1]
            assert picture["seed"] == job["request"]["seed"] + index, "the seed is another"
            data = server.call("GET", picture["file"])[1]
            assert hashlib.sha256(data).hexdigest() == picture["sha256"], f"{picture_id} is not whole"
    jobs, cursor = 0, ""
    while cursor is not None:
        page = server.call("GET", f"/api/v1/jobs?limit=200&cursor={cursor}")[1]
        jobs, cursor = jobs + len(page["items"]), page["next"]
    # A job may have been stored without its answer getting through; none may be there twice.
    print(f"{len(acknowledged)} acknowledged, {jobs} stored, {len(seen)} pictures: nothing lost, nothing doubled")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    acknowledged: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        for round_number in range(options.rounds):
            server = Server(options.server, folder, step_ms=4)
            try:
                source = server.call("POST", "/api/v1/inputs", png(90), "image/png")[1]["sha256"]
                killer_time = time.monotonic() + 0.05 + rng.random() * 0.8
                try:
                    one_round(server, acknowledged, source, rng, killer_time)
                finally:
                    server.kill()
            except (ConnectionError, http.client.HTTPException):
                pass
            print(f"round {round_number + 1}: {len(acknowledged)} acknowledged", flush=True)
        last = Server(options.server, folder, step_ms=1)
        try:
            check_all(last, acknowledged)
        finally:
            last.kill()
        partial = [p for p in pathlib.Path(folder, "data").rglob("*.part")]
        assert not partial, f"left behind: {partial}"


if __name__ == "__main__":
    sys.exit(main())
