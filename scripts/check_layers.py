#!/usr/bin/env python3
"""Proves the layer rules of src/ on its #include lines.

  - A folder includes only itself and the folders above it, as src/CMakeLists.txt lays them down
    (pentimento_layer(NAME USES ...)), nothing else of ours.
  - Each outside library is included only where the table below says, and OpenVINO and JSON also do
    not reach other folders through the headers they include.
  - Headers begin with #pragma once (after comments), a .cpp with a header of its own includes it
    first, and no file has more than 600 lines.

    check_layers.py [SOURCE_FOLDER]      prints every violation; exit code 1 if there is one
"""
import re
import sys
from pathlib import Path

MAX_LINES = 600

# An include path that begins so -> the folders that may include it. Longest prefix wins.
LIBRARIES = {
    "openvino/": {"nn", "models", "runtime"},
    "nlohmann/": {"weights", "studio", "server"},
    "vips/": {"image"},
    "zip.h": {"weights", "studio"},
    "sqlite3.h": {"studio"},
    "curl/": {"studio"},
    "httplib.h": {"server"},
    "qrencode.h": {"server"},
    "CLI/": {"cli"},
    "gtest/": set(),
    "gmock/": set(),
}
# Where a header drags one of these in, whoever includes the header sees it too.
MUST_NOT_REACH = {
    "openvino/": {"nn", "models", "runtime"},
    "nlohmann/": {"weights", "studio", "server", "cli"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_layers(cmake: Path) -> dict:
    """Folder -> the folders it may include: itself, those it USES, and theirs."""
    uses = {}
    for name, rest in re.findall(r"^pentimento_layer\((\w+)([^)]*)\)", cmake.read_text(), re.M):
        words = rest.split("LINKS")[0].split()
        uses[name] = [w for w in words if w != "USES"]
    allowed = {}
    for name, direct in uses.items():  # the file's order is the architecture's: above comes first
        allowed[name] = {name}.union(*(allowed.get(d, {d}) for d in direct))
    return allowed


def includes_of(path: Path) -> list:
    """(line number, bracket or quote, path) of each include."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(line):
            found.append((number, match.group(1), match.group(2)))
    return found


class Checker:
    def __init__(self, source: Path):
        self.source = source
        self.allowed = read_layers(source / "CMakeLists.txt")
        self.files = sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cpp"))
        self.names = {p.relative_to(source).as_posix() for p in self.files}
        self.includes = {p.relative_to(source).as_posix(): includes_of(p) for p in self.files}
        self.problems = []

    def complain(self, name: str, line: int, message: str) -> None:
        self.problems.append(f"{self.source.name}/{name}:{line}: {message}")

    def check(self) -> list:
        for path in self.files:
            name = path.relative_to(self.source).as_posix()
            folder = name.split("/")[0]
            if folder not in self.allowed:
                self.complain(name, 1, f"folder '{folder}' is not a layer of CMakeLists.txt")
                continue
            for line, mark, target in self.includes[name]:
                self.check_ours(name, folder, line, mark, target)
                self.check_library(name, folder, line, target)
            self.check_reach(name, folder)
            self.check_form(name, path)
        return self.problems

    def check_ours(self, name, folder, line, mark, target):
        top = target.split("/")[0]
        if top in self.allowed and "/" in target:
            if target not in self.names:
                self.complain(name, line, f"includes {target}, which does not exist")
            if top not in self.allowed[folder]:
                self.complain(name, line, f"{folder}/ includes {target}, but knows only "
                              f"{', '.join(sorted(self.allowed[folder]))}")
        elif mark == '"' and not any(target.startswith(p) for p in LIBRARIES):
            self.complain(name, line, f'"{target}" is not a path from src/')

    def check_library(self, name, folder, line, target):
        prefixes = [p for p in LIBRARIES if target.startswith(p)]
        if prefixes and folder not in LIBRARIES[max(prefixes, key=len)]:
            where = ", ".join(sorted(LIBRARIES[max(prefixes, key=len)])) or "tests only"
            self.complain(name, line, f"{folder}/ includes <{target}>, which belongs to {where}")

    def check_reach(self, name, folder):
        for prefix, folders in MUST_NOT_REACH.items():
            if folder in folders:
                continue
            for line, _, target in self.includes[name]:
                chain = self.chain_to(target, prefix, set())
                if chain and len(chain) > 1:
                    self.complain(name, line, f"sees {chain[-1]} through {' -> '.join(chain[:-1])}")

    def chain_to(self, target, prefix, seen):
        """The headers from `target` to one that begins with `prefix`, or None."""
        if target.startswith(prefix):
            return [target]
        if target in seen or target not in self.includes:
            return None
        seen.add(target)
        for _, _, next_target in self.includes[target]:
            if chain := self.chain_to(next_target, prefix, seen):
                return [target] + chain
        return None

    def check_form(self, name, path):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            self.complain(name, MAX_LINES, f"has {len(lines)} lines, the limit is {MAX_LINES}: split it")
        if path.suffix == ".h":
            code = (l for l in lines if l.strip() and not l.lstrip().startswith("//"))
            if next(code, "") != "#pragma once":
                self.complain(name, 1, "a header begins with #pragma once")
        elif (own := name[:-4] + ".h") in self.names:
            first = self.includes[name][0] if self.includes[name] else (1, "", "")
            if first[2] != own:
                self.complain(name, first[0], f"includes {own} first")


def main() -> int:
    source = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "src").resolve()
    checker = Checker(source)
    problems = checker.check()
    for problem in problems:
        print(problem)
    print(f"layers: {len(checker.files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
