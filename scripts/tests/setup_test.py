"""setup.sh without a network: what it refuses, what it unpacks, and that a second call does nothing.

Each test works on a copy of scripts/ with a wheel of its own, which pip finds in a folder.
"""
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent
MACHINE = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        shutil.copytree(SCRIPTS, self.root / "scripts", ignore=shutil.ignore_patterns("tests", "__pycache__"))
        self.shelf = self.root / "shelf"
        self.shelf.mkdir()
        self.wheel = self.make_wheel("openvino", "1.0")
        self.write_table(self.wheel)

    def make_wheel(self, name: str, version: str) -> Path:
        path = self.shelf / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}/libs/lib.so", "library")
            archive.writestr(f"{name}/python/code.py", "code")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return path

    def write_table(self, wheel: Path, sha256: str = "", machine: str = "any", keep: str = "openvino/libs"):
        sha256 = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.root / "scripts/wheels.txt").write_text(
            f"# a comment\n\nopenvino 1.0 {machine} 3.11 none any {sha256} {keep}\n")

    def run_setup(self, **environment):
        env = {**os.environ, "PENTIMENTO_SKIP_PACKAGES": "1", "PIP_NO_INDEX": "1",
               "PIP_FIND_LINKS": str(self.shelf), **environment}
        env.pop("PENTIMENTO_DEPS", None)
        env = {k: v for k, v in env.items() if v is not None}
        return subprocess.run([self.root / "scripts/setup.sh"], env=env, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)

    def deps(self) -> set:
        deps = self.root / ".deps"
        return {p.relative_to(deps).as_posix() for p in deps.rglob("*") if p.is_file()} if deps.exists() else set()

    def test_unpacks_what_is_kept_and_the_licences(self):
        result = self.run_setup()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(self.deps(), {
            ".lock", "openvino/.stamp", "openvino/openvino/libs/lib.so",
            *(f"openvino/openvino-1.0.dist-info/{n}" for n in ("METADATA", "WHEEL", "RECORD"))})

    def test_a_second_call_needs_nothing(self):
        self.run_setup()
        self.wheel.unlink()
        result = self.run_setup(PATH=self.path_without("python3"))
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def path_without(self, program: str) -> str:
        """A PATH of links to the tools that setup.sh needs, less one."""
        tools = self.root / "tools"
        tools.mkdir()
        for name in ("bash", "env", "dirname", "sed", "uname", "mkdir", "flock", "rm"):
            if name != program:
                (tools / name).symlink_to(shutil.which(name))
        return str(tools)

    def test_a_new_version_replaces_the_old_one(self):
        self.run_setup()
        (self.root / ".deps/openvino/openvino/libs/old.so").touch()
        with zipfile.ZipFile(self.wheel, "a") as archive:
            archive.writestr("openvino/libs/new.so", "library")
        self.write_table(self.wheel)
        self.assertEqual(self.run_setup().returncode, 0)
        self.assertIn("openvino/openvino/libs/new.so", self.deps())
        self.assertNotIn("openvino/openvino/libs/old.so", self.deps())

    def test_refuses_a_wheel_of_another_checksum(self):
        self.write_table(self.wheel, sha256="0" * 64)
        result = self.run_setup()
        self.assertEqual(result.returncode, 1)
        self.assertIn("expects " + "0" * 64 + "; nothing was unpacked", result.stdout)
        self.assertEqual(self.deps(), {".lock"})

    def test_says_when_a_wheel_cannot_be_had(self):
        self.wheel.unlink()
        result = self.run_setup()
        self.assertEqual(result.returncode, 1)
        self.assertIn("pip could not download openvino 1.0 (see above); is the network reachable?", result.stdout)

    def test_says_when_the_processor_is_not_served(self):
        self.write_table(self.wheel, machine="riscv64" if MACHINE != "riscv64" else "x86_64")
        result = self.run_setup()
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"no OpenVINO wheel for this processor ({MACHINE})", result.stdout)

    def test_names_what_to_install_on_another_system(self):
        release = self.root / "os-release"
        release.write_text('ID=fedora\nPRETTY_NAME="Fedora Linux 40"\n')
        result = self.run_setup(PENTIMENTO_SKIP_PACKAGES=None, PENTIMENTO_OS_RELEASE=str(release))
        self.assertEqual(result.returncode, 1)
        for text in ("this is Fedora Linux 40", "  libvips-dev", "  cmake", "PENTIMENTO_SKIP_PACKAGES=1"):
            self.assertIn(text, result.stdout)
        self.assertEqual(self.deps(), set())


if __name__ == "__main__":
    unittest.main()
