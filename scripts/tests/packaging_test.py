"""The Dockerfile and the systemd unit, as far as they can be checked without Docker.

What the Dockerfile copies and calls must exist and be sent to the build; the packages of the image
that runs must hold every library that the program is linked with; the unit must be one.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = ROOT / "packaging" / "Dockerfile"
UNIT = ROOT / "packaging" / "pentimento.service"


def instructions() -> list:
    """[("FROM", "debian:12 AS build"), …], continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def stages() -> list:
    found = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        found[-1].append((word, re.sub(r"\s+", " ", rest)))
    return found


def commands(stage: list) -> list:
    return [command.strip() for word, rest in stage if word == "RUN" for command in rest.split("&&")]


def ignored(path: str) -> bool:
    patterns = [line.strip() for line in (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()]
    parts = [path, *map(str, Path(path).parents)]
    return any(fnmatch.fnmatchcase(part, pattern) for part in parts for pattern in patterns if pattern and not pattern.startswith("#"))


def runtime_packages() -> list:
    for command in commands(stages()[-1]):
        if command.startswith("apt-get install"):
            return [word for word in command.split()[2:] if not word.startswith("-")]
    raise AssertionError("the last stage installs nothing")


def program() -> Path | None:
    path = Path(os.environ.get("PENTIMENTO_PROGRAM", ROOT / "build" / "src" / "pentimento"))
    return path if path.exists() else None


def is_debian_12() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "VERSION_CODENAME=bookworm" in release.read_text() and shutil.which("dpkg-query") is not None


class Dockerfile(unittest.TestCase):
    def test_what_it_calls_exists_and_is_sent(self):
        called = [word for stage in stages() for command in commands(stage) for word in command.split() if word.startswith("scripts/")]
        self.assertEqual(called, ["scripts/setup.sh", "scripts/page.sh"], "the page is built before the program that carries it")
        for path in called:
            self.assertTrue(os.access(ROOT / path, os.X_OK), path)
        sent = [*called, "CMakeLists.txt", "cmake/install.cmake", "src/CMakeLists.txt", "assets/describe/terms.tsv", "web/package-lock.json",
                "scripts/debian-packages.txt", "scripts/wheels.txt", "LICENSE", "NOTICE"]
        for path in sent:
            self.assertTrue((ROOT / path).exists(), path)
            self.assertFalse(ignored(path), f"{path} is not sent to the build")
        for path in (".git/config", ".deps/openvino", "build/src/pentimento", "build-asan/x", "web/node_modules/vite", "training/x.py"):
            self.assertTrue(ignored(path), f"{path} is sent to the build")

    def test_its_options_and_targets_are_the_projects(self):
        text = " ".join(commands(stages()[0]))
        for option in re.findall(r"-D(\w+)=", text):
            self.assertRegex((ROOT / "CMakeLists.txt").read_text(), rf"option\({option} ")
        self.assertIn("--target pentimento", text)
        self.assertIn("install(TARGETS pentimento)", (ROOT / "cmake" / "install.cmake").read_text())

    def test_what_is_installed_is_what_is_copied_and_started(self):
        prefix = re.search(r"cmake --install build --prefix (\S+)", " ".join(commands(stages()[0]))).group(1)
        last = dict(stages()[-1])
        self.assertEqual(last["COPY"], f"--from=build {prefix} {prefix}")
        self.assertIn(f'"{prefix}/bin/pentimento", "serve"', last["ENTRYPOINT"])
        # Beyond the container's loopback a token is required, whatever Docker publishes.
        self.assertIn('"--address", "0.0.0.0"', last["ENTRYPOINT"])
        user = last["USER"]
        self.assertIn(f"useradd --system --uid 7860 --home-dir /data {user}", " ".join(commands(stages()[-1])))
        self.assertNotIn(user, ("root", "0"))
        self.assertEqual(last["VOLUME"], "/data")
        for variable in ("PENTIMENTO_DATA", "PENTIMENTO_CACHE", "PENTIMENTO_CONFIG"):
            self.assertRegex(last["ENV"], rf"{variable}=/data/")
            self.assertIn(variable, (ROOT / "src" / "base" / "paths.cpp").read_text())

    @unittest.skipUnless(is_debian_12() and program(), "needs Debian 12 and the built program")
    def test_its_packages_hold_every_library_the_program_needs(self):
        listing = subprocess.run(["ldd", program()], capture_output=True, text=True, check=True).stdout
        libraries = {Path(match).resolve() for match in re.findall(r"=> (/\S+)", listing)}
        self.assertTrue(libraries, listing)
        held = set()  # packages, with all that they depend on
        waiting = runtime_packages()
        while waiting:
            name = waiting.pop()
            if name in held:
                continue
            shown = subprocess.run(["dpkg-query", "-W", "-f", "${Depends},${Pre-Depends}", name], capture_output=True, text=True)
            if shown.returncode == 0:
                held.add(name)
                waiting += [re.sub(r"[ :(].*", "", part.split("|")[0].strip()) for part in shown.stdout.split(",") if part.strip()]
        for library in libraries:
            if "openvino" in str(library):
                continue  # comes with the program
            owner = subprocess.run(["dpkg-query", "-S", library], capture_output=True, text=True)
            if owner.returncode:  # /lib is a link to /usr/lib
                owner = subprocess.run(["dpkg-query", "-S", str(library).replace("/usr/lib", "/lib", 1)], capture_output=True, text=True)
            package = owner.stdout.split(":")[0]
            self.assertIn(package, held | {"libc6", "libgcc-s1", "libstdc++6"}, f"{library} is not in the image")


class Service(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_the_unit_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder) / UNIT.name
            unit.write_text(UNIT.read_text().replace("/usr/local/bin/pentimento", "/bin/true"))
            verdict = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
            self.assertEqual((verdict.returncode, verdict.stdout + verdict.stderr), (0, ""))

    def test_it_keeps_its_data_where_it_may_write(self):
        unit = UNIT.read_text()
        self.assertIn("ProtectSystem=strict", unit)
        for variable, folder in (("DATA", "/var/lib/pentimento"), ("CACHE", "/var/cache/pentimento"), ("CONFIG", "/var/lib/pentimento")):
            self.assertRegex(unit, rf"PENTIMENTO_{variable}={folder}")
        self.assertIn("StateDirectory=pentimento", unit)
        self.assertIn("CacheDirectory=pentimento", unit)


if __name__ == "__main__":
    unittest.main()
