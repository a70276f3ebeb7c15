#!/usr/bin/env python3
"""Two hundred clients at once, each sending pictures and jobs: nothing lost, memory bounded.

    load_test.py FAKE_SERVER [--clients 200] [--each 10] [--megabytes 600]
"""
import argparse
import base64
import concurrent.futures
import random
import struct
import sys
import tempfile
import time
import zlib

from kill_test import Server


def noise(seed: int, edge: int = 512) -> bytes:
    """A PNG of some 800 KB that nothing compresses."""
    rows = b"".join(b"\0" + random.Random(seed * 1000 + y).randbytes(edge * 3) for y in range(edge))
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def insist(server: Server, *arguments):
    for _ in range(100):
        try:
            status, body = server.call(*arguments)
            if status != 503:
                return status, body
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"no answer to {arguments[:2]}")


def client(server: Server, number: int, each: int, pictures: list) -> int:
    accepted = 0
    for n in range(each):
        picture = pictures[(number + n) % len(pictures)]
        status, source = insist(server, "POST", "/api/v1/inputs", picture, "image/png")
        assert status in (200, 201), source
        body = {"kind": "img2img", "request": {"steps": 1, "seed": number}, "inputs": {"source": source["sha256"]}, "key": f"{number}-{n}"}
        if n % 5 == 4:  # as AUTOMATIC1111's clients do, in one piece
            status, answer = insist(server, "POST", "/sdapi/v1/png-info", {"image": base64.b64encode(picture).decode()})
            assert status == 200, answer
        status, job = insist(server, "POST", "/api/v1/jobs", body)
        assert status in (200, 201), job
        accepted += 1
    return accepted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--megabytes", type=int, default=600)
    options = parser.parse_args()
    pictures = [noise(seed) for seed in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options.server, folder, step_ms=1)
        try:
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
                accepted = sum(pool.map(lambda number: client(server, number, options.each, pictures), range(options.clients)))
            seconds = time.monotonic() - began
            while (queue := server.call("GET", "/api/v1/queue")[1])["queued"] or queue["running"]:
                time.sleep(0.1)
            metrics = dict(line.rsplit(" ", 1) for line in server.call("GET", "/metrics")[1].decode().splitlines() if not line.startswith("#"))
            done = int(float(metrics['pentimento_jobs_ended_total{kind="img2img",state="done"}']))
            peak = float(metrics["pentimento_memory_peak_bytes"]) / 1e6
            print(f"{options.clients} clients, {accepted} jobs accepted in {seconds:.0f} s, {done} done, at most {peak:.0f} MB")
            assert done == accepted == options.clients * options.each
            assert peak < options.megabytes, "memory is not bounded"
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
