// The page against the program's own tables: every address it asks for exists, every answer is of
// the type that the page takes it for, everything that has a name here has one in both languages.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { Client } from "../src/api/client";
import type { FieldInfo } from "../src/api/types";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { expect, picture, type Program, test } from "./fixtures";

const root = fileURLToPath(new URL("../..", import.meta.url));
const clientOf = (program: Program): Client => new Client((path, init) => fetch(program.url + path, init));

interface OpenApi {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> } }>>;
}

test.beforeEach(({}, info) => test.skip(info.project.name === "phone", "nothing of this depends on the screen"));

test("every address that the page asks for is in the program's own document", async ({ program }) => {
  const asked: { method: string; path: string; body: unknown }[] = [];
  const client = new Client((path, init) => {
    asked.push({ method: (init?.method ?? "GET").toLowerCase(), path: path.split("?")[0] ?? "", body: typeof init?.body === "string" ? JSON.parse(init.body) : null });
    return Promise.resolve(new Response(JSON.stringify({ items: [], fields: [] }), { headers: { "Content-Type": "application/json" } }));
  });
  for (const [name, method] of Object.entries(client))
    if (typeof method === "function" && name !== "onUnauthorized" && name !== "fetch") {
      const picture = ["upload", "importPicture", "readInfotext"].includes(name);
      await (method as (...given: unknown[]) => Promise<unknown>)(picture ? new Blob(["x"], { type: "image/png" }) : "x", "x", "x");
    }
  expect(asked.length).toBeGreaterThan(50);
  const { paths } = (await (await fetch(`${program.url}/api/v1/openapi.json`)).json()) as OpenApi;
  const known = Object.entries(paths).map(([path, methods]) => ({ shape: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`), path, methods }));
  const unknown = asked.flatMap(({ method, path, body }) => {
    const found = known.filter((candidate) => candidate.shape.test(path) && candidate.methods[method]).sort((a, b) => Number(a.path.includes("{")) - Number(b.path.includes("{")))[0];
    if (!found) return [`${method} ${path}`];
    const fields = found.methods[method]?.requestBody?.content["application/json"]?.schema.properties;
    const given = typeof body === "object" && body !== null ? Object.keys(body) : [];
    return fields ? given.filter((field) => !(field in fields)).map((field) => `${method} ${path}: ${field}`) : [];
  });
  expect(unknown).toEqual([]);
});

// TypeScript itself holds the answers against the declared types: a field that is missing or of
// another type is an error; one that the page has no use for is not.
const mismatches = (answers: readonly (readonly [type: string, value: unknown])[]): string[] => {
  const name = join(root, "web/src/api/answers.ts");
  const text = [
    'import type { Client } from "./client";', 'import type * as types from "./types";',
    "declare function hold<Type>(): <Value extends Type>(value: Value) => void; type Answer<Name extends keyof Client> = Client[Name] extends (...given: never[]) => Promise<infer Value> ? Value : never;",
    ...answers.map(([type, value]) => `hold<${type}>()(${JSON.stringify(value)});`), "export type { types };",
  ].join("\n");
  const { config } = ts.readConfigFile(join(root, "web/tsconfig.json"), (path) => readFileSync(path, "utf8")) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, "web"));
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => (path === name ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022) : read(path, ...rest));
  const exists = host.fileExists.bind(host);
  host.fileExists = (path) => path === name || exists(path);
  const program = ts.createProgram([name, join(root, "web/src/globals.d.ts")], { ...options, noUnusedLocals: false }, host);
  const file = program.getSourceFile(name);
  return program.getSemanticDiagnostics(file).map((diagnostic) => {
    const line = file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
    return `${answers[line - 3]?.[0]}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ").slice(0, 400)}`;
  });
};

test("every answer is of the type that the page takes it for", async ({ program }) => {
  const client = clientOf(program);
  const answers: [string, unknown][] = [];
  const ask = async <Value>(name: keyof Client, answer: Promise<Value>): Promise<Value> => {
    const value = await answer;
    answers.push([`Answer<"${name}">`, value]);
    return value;
  };
  // What happens meanwhile, as events.
  const stop = new AbortController();
  const stream = await fetch(`${program.url}/api/v1/events`, { signal: stop.signal });
  let told = "";
  const listening = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) told += decoder.decode(chunk, { stream: true });
  })().catch(() => {});

  await ask("session", client.session());
  const input = await ask("upload", client.upload(new Blob([readFileSync(picture("robin.jpg"))], { type: "image/jpeg" }), "robin.jpg"));
  await ask("input", client.input(input.sha256));
  const garment = await client.upload(new Blob([readFileSync(picture("hoodie.jpg"))], { type: "image/jpeg" }), "hoodie.jpg");
  await ask("select", client.select(garment.sha256, "thing"));
  await ask("kinds", client.kinds());
  const request = { kind: "img2img", request: { prompt: "a cat", steps: 4, strength: 0.5, width: 64, height: 64 }, inputs: { source: input.sha256 } };
  await ask("plan", client.plan(request));
  const job = await ask("submit", client.submit(request));
  const described = await ask("submit", client.submit({ kind: "describe", request: {}, inputs: { source: input.sha256 } }));
  const small = await client.upload(new Blob([readFileSync(join(root, "tests/golden/pipelines_input.png"))], { type: "image/png" }), "small.png");
  const done = async (id: string): Promise<void> => expect.poll(async () => (await client.job(id)).state, { timeout: 40_000 }).toBe("done");
  const more = [
    { kind: "blend", request: { method: "latents", prompt: "a cat", steps: 4, width: 64, height: 64 }, inputs: { source: input.sha256, second: garment.sha256 } },
    { kind: "refine", request: { upscaler: "Lanczos", scale: 2, steps: 4, width: 64, height: 64, overlap: 16 }, inputs: { source: small.sha256 } },
  ];
  for (const asked of more) {
    await ask("plan", client.plan(asked));
    const { id } = await ask("submit", client.submit(asked));
    await done(id);
    const ended = await ask("job", client.job(id));
    await ask("picture", client.picture(ended.pictures[0] ?? ""));
    await ask("pictureSettings", client.pictureSettings(ended.pictures[0] ?? ""));
  }
  await done(job.id);
  await done(described.id);
  const { pictures: [made = ""] } = await ask("job", client.job(job.id));
  await ask("job", client.job(described.id));
  await ask("jobs", client.jobs("limit=20"));
  await ask("pictures", client.pictures({}, null, 5));
  await ask("picture", client.picture(made));
  await ask("changePicture", client.changePicture(made, { favourite: true, tags: ["cat"] }));
  await ask("tags", client.tags());
  await ask("pictureSettings", client.pictureSettings(made));
  await ask("lineage", client.lineage(made));
  await ask("inputFromPicture", client.inputFromPicture(made));
  const { items: [model] } = await ask("models", client.models());
  await ask("model", client.model(model?.id ?? ""));
  await ask("downloads", client.downloads());
  await ask("samplers", client.samplers());
  await ask("schedulers", client.schedulers());
  await ask("paintingStyles", client.paintingStyles());
  await client.savePromptStyle("oil", { prompt: "oil painting", negative_prompt: "" });
  await ask("promptStyles", client.promptStyles());
  await client.removePromptStyle("oil");
  await ask("countTokens", client.countTokens("a cat"));
  await ask("parseInfotext", client.parseInfotext("a cat\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 64x64"));
  await ask("settings", client.settings());
  await ask("system", client.system());
  const document = await ask("newDocument", client.newDocument(input.sha256, { version: 1 }));
  await ask("saveDocument", client.saveDocument(document.id, document.revision, { version: 1 }));
  await ask("documents", client.documents(input.sha256));
  await ask("document", client.document(document.id));
  const token = await ask("newToken", client.newToken("test"));
  await ask("tokens", client.tokens());
  await client.removeToken(token.id);
  await ask("pause", client.pause());
  await ask("resume", client.resume());
  await client.trash([made]);
  await client.forget(described.id);

  await expect.poll(() => told).toContain("event: job_removed");
  stop.abort();
  await listening;
  const events = [...told.matchAll(/^data: (.*)$/gm)].map(([, data = "null"]) => JSON.parse(data) as { type: string });
  expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(["snapshot", "job", "progress", "queue", "picture", "document", "job_removed"]));
  for (const event of events) answers.push([`Extract<types.ServerEvent, { type: "${event.type}" }>`, event]);
  expect(mismatches(answers)).toEqual([]);
});

const texts = new Set(Object.keys(en));
const missing = (keys: readonly string[]): string[] => [...new Set(keys)].filter((key) => !texts.has(key));

test("every job and every setting has words in both languages", async ({ program }) => {
  const client = clientOf(program);
  expect(Object.keys(zh).sort()).toEqual([...texts].sort());
  const { items: kinds } = await client.kinds();
  const { fields: settings } = await client.settings();
  const shown = (fields: readonly FieldInfo[]): string[] =>
    fields.flatMap((field) => [
      `field.${field.name}`,
      ...(field.fields ? shown(field.fields) : []),
      ...(field.choices ?? []).filter((choice) => choice !== "" && !texts.has(`choice.${field.name}.${choice}`)).map((choice) => `choice.${choice}`),
      // Words that a select offers explain themselves.
      ...(field.what && !field.choices && field.type !== "array" && field.type !== "object" ? [`hint.${field.name}`] : []),
    ]);
  expect(missing(kinds.flatMap((kind) => [
    `reason.${kind.kind}`,
    ...shown(kind.fields),
    ...kind.inputs.filter((role) => role.name !== "source" && role.name !== "mask").map((role) => `role.${role.name}`),
  ]))).toEqual([]);
  // The page has its own language and theme.
  expect(missing(shown(settings.filter((field) => field.name !== "language" && field.name !== "theme")))).toEqual([]);
});

test("every refusal and every stage of a job has words", () => {
  const [, table = ""] = /### Errors([\s\S]*?)\n### /.exec(readFileSync(join(root, "docs/api.md"), "utf8")) ?? [];
  const codes = [...table.matchAll(/^\| `\w+` \| [^|]*\| (.*) \|$/gm)].flatMap(([, row = ""]) => [...row.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  expect(codes.length).toBeGreaterThan(25);
  expect(missing(codes.map((code) => `error.${code}`))).toEqual([]);
  const sources = ["src/pipelines", "src/runtime"].flatMap((folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".cpp")).map((name) => readFileSync(join(root, folder, name), "utf8")));
  const stages = sources.flatMap((text) => [...text.matchAll(/progress\.at\("(\w+)"/g)].map(([, stage]) => stage));
  expect(stages.length).toBeGreaterThan(5);
  expect(missing(stages.filter((stage) => stage !== "enlarge").map((stage) => `stage.${stage}`))).toEqual([]);
});
