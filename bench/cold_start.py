#!/usr/bin/env python3
"""How long until the server answers, and until its first picture: for people who start it on demand.

    cold_start.py PENTIMENTO MODEL [--size 512] [--steps 20]

Three starts: with an empty cache (networks are compiled), with the cache that left behind, and a
second picture of the same server. MODEL is a file or folder as the models folder takes it.
"""
import argparse
import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import time


def call(port: int, method: str, path: str, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1200)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"} if body is not None else {})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 400, text
    return json.loads(text)


def start(program: str, home: pathlib.Path):
    began = time.monotonic()
    environment = dict(os.environ, PENTIMENTO_DATA=str(home / "data"), PENTIMENTO_CACHE=str(home / "cache"), PENTIMENTO_CONFIG=str(home / "config"))
    process = subprocess.Popen([program, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment)
    port = int(process.stdout.readline().rsplit(":", 1)[1])
    assert call(port, "GET", "/health")["status"] == "ok"
    return process, port, time.monotonic() - began


def picture(port: int, options) -> float:
    began = time.monotonic()
    answer = call(port, "POST", "/sdapi/v1/txt2img", {"prompt": "a lighthouse", "seed": 1, "steps": options.steps, "width": options.size, "height": options.size})
    assert len(answer["images"]) == 1
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        (home / "data/models").mkdir(parents=True)
        (home / "data/models" / pathlib.Path(options.model).name).symlink_to(pathlib.Path(options.model).resolve())
        for cache in ("empty cache", "kept cache"):
            process, port, ready = start(options.program, home)
            first, second = picture(port, options), picture(port, options)
            peak = int(next(line.split()[1] for line in open(f"/proc/{process.pid}/status") if line.startswith("VmHWM"))) // 1024
            size = sum(f.stat().st_size for f in (home / "cache").rglob("*") if f.is_file()) >> 20
            print(f"{cache}: answers after {ready:.2f} s, first picture {first:.1f} s, second {second:.1f} s ({options.size} px, {options.steps} steps), peak {peak} MiB, cache {size} MiB", flush=True)
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
