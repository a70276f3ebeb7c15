// Every text by key: fails on keys that nobody uses, on placeholders that differ between languages,
// and on words written straight into a component. (A key missing in one language does not compile.)
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../src/", import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name) && !entry.name.endsWith(".test.ts"))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((path) => !/i18n\/(en|zh)\.ts$/.test(path));

const table = (language) => {
  const out = new Map();
  for (const line of readFileSync(`${root}i18n/${language}.ts`, "utf8").split("\n")) {
    const row = /^ {2}("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*"),$/.exec(line);
    if (row) out.set(JSON.parse(row[1]), JSON.parse(row[2]));
  }
  return out;
};
const en = table("en");
const zh = table("zh");
const problems = [];

// --- the two languages ---
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join();
for (const [key, text] of en) {
  const other = zh.get(key);
  if (other === undefined) problems.push(`zh.ts lacks ${key}`);
  else if (placeholders(text) !== placeholders(other)) problems.push(`${key}: placeholders differ: {${placeholders(text)}} and {${placeholders(other)}}`);
  else if (other.trim() === "" || text.trim() === "") problems.push(`${key} is empty`);
}
for (const key of zh.keys()) if (!en.has(key)) problems.push(`en.ts lacks ${key}`);

// --- use (a text for one is used with the text for many) ---
const sources = files.map((path) => [path.slice(root.length), readFileSync(path, "utf8")]);
const all = sources.map(([, text]) => text).join("\n");
// `work.${name}.what` uses all keys of that shape.
const shapes = [...all.matchAll(/`([a-z]+\.[^`]*\$\{[^`]*)`/gi)].map(
  (match) => new RegExp(`^${match[1].split(/\$\{[^}]*\}/).map((part) => part.replaceAll(".", "\\.")).join("[\\w-]+")}$`),
);
for (const key of en.keys())
  if (!all.includes(`"${key.replace(/\.one$/, "")}"`) && !shapes.some((shape) => shape.test(key))) problems.push(`nothing uses ${key}`);
for (const match of all.matchAll(/\bt\(\s*"([\w.]+)"/g)) if (!en.has(match[1])) problems.push(`there is no text ${match[1]}`);

// --- words in components ---
const allowed = /^[\s\d×·:/|%°().,–-]*$|^(1:1|Pentimento|English|简体中文|Civitai|Hugging Face|SHA-256)$/;
for (const [name, text] of sources) {
  if (!name.endsWith(".svelte")) continue;
  const markup = text
    .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, "")
    .replace(/\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, "{}");
  for (const match of markup.matchAll(/(?:aria-label|title|placeholder|alt|label)="([^"]*)"/g))
    if (!allowed.test(match[1].replaceAll("{}", ""))) problems.push(`${name}: "${match[1]}" should be a key`);
  const words = markup.replace(/<[^>]*(?:=>[^>]*)*>/g, "\n").replaceAll("{}", " ");
  for (const line of words.split("\n")) {
    const word = line.trim();
    if (/[A-Za-z\p{Script=Han}]{3,}/u.test(word) && !allowed.test(word) && !/[=>{}"]/.test(word)) problems.push(`${name}: "${word}" should be a key`);
  }
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${en.size} texts in two languages, all used`);
