"""Unpack the wanted folders of a wheel: unpack_wheel.py WHEEL FOLDER KEEP[,KEEP...]

A wheel is a zip file. Its dist-info folder, which holds the licences, always comes along. Only the
standard library of Python 3.8 or newer is used.
"""
import sys
import zipfile
from pathlib import PurePosixPath


def wanted(name: str, keep: list) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    return path.parts[0].endswith(".dist-info") or any(PurePosixPath(k) in path.parents for k in keep)


def main() -> int:
    wheel, folder, keep = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if wanted(name, keep)]
        for folder_kept in keep:
            if not any(PurePosixPath(folder_kept) in PurePosixPath(n).parents for n in names):
                print(f"{wheel}: has no folder {folder_kept}", file=sys.stderr)
                return 1
        archive.extractall(folder, names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
