// The page stays small: gzipped, all scripts and styles at most 250 kB, what the first page loads
// at most 120 kB.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
const size = (path) => gzipSync(readFileSync(dist + path), { level: 9 }).length;
const all = readdirSync(`${dist}assets`).filter((name) => /\.(js|css)$/.test(name)).map((name) => [name, size(`assets/${name}`)]);
const html = readFileSync(`${dist}index.html`, "utf8");
const first = all.filter(([name]) => html.includes(name));
const sum = (list) => list.reduce((total, [, bytes]) => total + bytes, 0);
const limits = [["all", sum(all), 250_000], ["first page", sum(first), 120_000]];
for (const [what, bytes, limit] of limits) {
  console.log(`${what}: ${(bytes / 1000).toFixed(1)} kB of ${limit / 1000} kB`);
  if (bytes > limit) process.exitCode = 1;
}
