#!/usr/bin/env python3
"""Writes the studio page into a C++ table (src/server/embedded_assets.h).

    scripts/embed_assets.py web/dist OUT.cpp

A folder that does not exist gives an empty table: the server then says that it was built without
its page.
"""
import hashlib
import pathlib
import sys

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".json": "application/json", ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".ico": "image/x-icon",
    ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
}


def literal(data: bytes) -> str:
    """String literals of at most 4096 bytes a piece; octal escapes never run into what follows."""
    plain = {ord(c) for c in " !#$%&'()*+,-./0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"}
    pieces = []
    for begin in range(0, len(data), 4096):
        pieces.append('"' + "".join(chr(b) if b in plain else "\\%03o" % b for b in data[begin:begin + 4096]) + '"')
    return "\n    ".join(pieces) or '""'


def main() -> None:
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    lines = ['#include "server/embedded_assets.h"', "", "namespace pentimento {", "namespace {", ""]
    rows = []
    for index, path in enumerate(files):
        data = path.read_bytes()
        lines.append(f"const char kBytes{index}[] =\n    {literal(data)};")
        kind = CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")
        name = "/" + path.relative_to(folder).as_posix()
        etag = hashlib.sha256(data).hexdigest()[:32]
        rows.append(f'    {{"{name}", "{kind}", "{etag}", {{kBytes{index}, {len(data)}}}}},')
    if rows:
        lines += ["", "constexpr EmbeddedAsset kAssets[] = {", *rows, "};"]
        body = "return kAssets;"
        lines = [line.replace("constexpr EmbeddedAsset", "const EmbeddedAsset") for line in lines]
    else:
        body = "return {};"
    lines += ["", "}  // namespace", "", f"std::span<const EmbeddedAsset> embedded_assets() {{ {body} }}", "", "}  // namespace pentimento", ""]
    text = "\n".join(lines)
    if not out.exists() or out.read_text() != text:
        out.write_text(text)


if __name__ == "__main__":
    main()
