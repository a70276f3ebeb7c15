// What the person is about to ask for: only what was changed is kept, the rest are the server's
// defaults. Saved in the browser at every change.
import type { Fields, FieldInfo, InputInfo, JobRequest, Json, KindInfo } from "../api/types";
import { remembered } from "../base/storage";
import type { Choices } from "./choices.svelte";
import { presetOf } from "./intents";
import { kindOf, works, type WorkName } from "./works";

// The same wish in every job; all other fields belong to one kind.
const common = new Set([
  "prompt", "negative_prompt", "model", "vae", "sampler", "scheduler", "steps", "cfg", "seed", "clip_skip", "batch", "rng", "loras",
]);
// CatVTON reads no prompt and is used with a checkpoint, steps and guidance of its own.
const isShared = (kind: string, name: string): boolean => common.has(name) && (kind !== "drape" || name === "seed");

// control_2 counts when the list it belongs to has two.
const isAskedFor = (role: string, list: Json | undefined): boolean =>
  Array.isArray(list) && list.length >= Number(/_(\d+)$/.exec(role)?.[1] ?? 1);

export const kPromptless = new Set(["stylize", "upscale", "describe"]);

interface Saved {
  work: WorkName;
  engines: Partial<Record<WorkName, string>>; // the way to do a work that has several
  source: InputInfo | null;
  common: Fields;
  values: Record<string, Fields>;
  inputs: Record<string, Record<string, InputInfo>>;
}

const kNothing: Saved = { work: "restyle", engines: {}, source: null, common: {}, values: {}, inputs: {} };

export class Draft {
  #saved = $state.raw<Saved>({ ...kNothing, ...remembered.getJson<Partial<Saved>>("draft", {}) });

  constructor(private readonly choices: Choices) {}

  get work(): WorkName {
    return this.#saved.work;
  }
  set work(work: WorkName) {
    this.#save({ work });
  }
  // For restyling the painter ("stylize") or words ("img2img"), for dressing the garment's own
  // pixels ("try_on") or CatVTON ("drape"): that where its weights are installed.
  get engine(): string {
    const usual = this.work === "dress" && this.choices.kind("drape")?.available ? "drape" : "";
    return this.#saved.engines[this.work] ?? usual;
  }
  set engine(engine: string) {
    this.#save({ engines: { ...this.#saved.engines, [this.work]: engine } });
  }
  get source(): InputInfo | null {
    return this.#saved.source;
  }
  set source(source: InputInfo | null) {
    this.#save({ source });
  }

  get kind(): KindInfo | null {
    return kindOf(this.work, this.choices.kinds, this.engine);
  }

  fieldOf(name: string): FieldInfo | undefined {
    return this.kind?.fields.find((field) => field.name === name);
  }
  has(name: string): boolean {
    return this.fieldOf(name) !== undefined;
  }

  // The person's value, else the default; null when the server decides.
  value(name: string): Json {
    return this.changed(name) ?? (this.has("intent") ? presetOf(this.changed("intent"), name) : undefined) ?? this.fieldOf(name)?.default ?? null;
  }
  changed(name: string): Json | undefined {
    const kind = this.kind?.kind ?? "";
    return isShared(kind, name) ? this.#saved.common[name] : this.#saved.values[kind]?.[name];
  }
  text(name: string): string {
    const value = this.value(name);
    return typeof value === "string" ? value : "";
  }
  number(name: string): number | null {
    const value = this.value(name);
    return typeof value === "number" ? value : null;
  }
  flag(name: string): boolean {
    return this.value(name) === true;
  }

  set(name: string, value: Json | undefined): void {
    const put = (fields: Fields): Fields => {
      const { [name]: _old, ...rest } = fields;
      return value === undefined ? rest : { ...rest, [name]: value };
    };
    const kind = this.kind?.kind ?? "";
    if (isShared(kind, name)) this.#save({ common: put(this.#saved.common) });
    else this.#save({ values: { ...this.#saved.values, [kind]: put(this.#saved.values[kind] ?? {}) } });
  }

  input(role: string): InputInfo | null {
    return this.#saved.inputs[this.work]?.[role] ?? null;
  }
  setInput(role: string, input: InputInfo | null): void {
    const { [role]: _old, ...rest } = this.#saved.inputs[this.work] ?? {};
    // What was painted on another person belongs to nobody.
    if (role === "person") delete rest["person_mask"];
    this.#save({ inputs: { ...this.#saved.inputs, [this.work]: input ? { ...rest, [role]: input } : rest } });
  }

  // Everything but the mask, which the canvas makes when the job is sent.
  request(change: Fields = {}): JobRequest | null {
    const kind = this.kind;
    if (!kind) return null;
    const request: Fields = {};
    for (const field of kind.fields) {
      const value = change[field.name] ?? this.changed(field.name);
      if (value !== undefined && value !== null) request[field.name] = value;
    }
    const inputs: Record<string, string> = {};
    for (const role of kind.inputs) {
      if (role.field && !isAskedFor(role.name, request[role.field])) continue;
      const input = role.name === "source" ? this.source : this.input(role.name);
      if (input) inputs[role.name] = input.sha256;
    }
    // A picture as the style takes the place of the painter's own.
    if (kind.kind === "stylize" && "style" in inputs) delete request["styles"];
    // One weight for each picture, also for those that came after the weights were set.
    const { weights } = request;
    if (kind.kind === "blend" && Array.isArray(weights)) {
      const count = kind.inputs.filter((role) => !role.field && role.name in inputs).length;
      request["weights"] = Array.from({ length: count }, (_, i) => weights[i] ?? 1);
    }
    return { kind: kind.kind, request, inputs };
  }

  // "Use these settings": the fields of another request, on its own kind.
  take(work: WorkName, request: JobRequest): void {
    const kind = this.choices.kind(request.kind);
    const common = { ...this.#saved.common };
    const own: Fields = {};
    for (const [name, value] of Object.entries(request.request)) {
      if (value === null) continue;
      const field = kind?.fields.find((candidate) => candidate.name === name);
      if (isShared(request.kind, name)) common[name] = value;
      else if (JSON.stringify(field?.default) !== JSON.stringify(value)) own[name] = value;
    }
    this.#save({ work, common, values: { ...this.#saved.values, [request.kind]: own } });
    if (works[work].kinds.length > 1) this.#save({ engines: { ...this.#saved.engines, [work]: request.kind } });
  }

  reset(): void {
    this.#save({ common: {}, values: {}, inputs: {} });
  }

  #save(change: Partial<Saved>): void {
    this.#saved = { ...this.#saved, ...change };
    remembered.setJson("draft", this.#saved);
  }
}
