// What the studio page does: takes pictures in, sends jobs, watches them, shows what they made.
import type { Client } from "../api/client";
import { ApiError } from "../api/client";
import type { Fields, InputInfo, Job, JobRequest, Json, Picture, Plan, ServerEvent } from "../api/types";
import { uploadPicture } from "../api/upload";
import { freshId } from "../base/id";
import type { I18n, PlainKey } from "../i18n/i18n.svelte";
import type { Choices } from "./choices.svelte";
import type { Draft } from "./draft.svelte";
import type { Editor } from "./editor.svelte";
import type { Jobs } from "./jobs.svelte";
import type { Pictures } from "./pictures.svelte";
import type { Toasts } from "./toasts.svelte";
import { ofOneCell } from "./grid";
import { isMaskFree } from "./models";
import { notesOf } from "./answer";
import { isFinished } from "./jobs.svelte";
import { parameterName } from "./names";
import { told } from "./refusal";
import { differing } from "./repeat";
import { maskRoleOf, workOfKind, works } from "./works";

interface Parts {
  client: Client;
  choices: Choices;
  jobs: Jobs;
  pictures: Pictures;
  draft: Draft;
  editor: Editor;
  toasts: Toasts;
  i18n: I18n;
  attempt: <T>(task: Promise<T>) => Promise<T | undefined>;
}

// Labels by which the page knows its own helpers' jobs: all begin with "page:".
export const kPreviewLabel = "page:preview";
export const kStripLabel = "page:strip";
export const kStripStrengths = [0.25, 0.4, 0.55, 0.7, 0.85] as const;

export interface StripTile {
  readonly strength: number;
  readonly job: string;
}

// Why the button cannot act yet.
export interface Obstacle {
  readonly key: PlainKey | null;
  readonly text: string | null;
}

const kPlanAfterMs = 350;
const kFirstStyle = "autumn-blaze";

export class Studio {
  #sending = $state(false);
  #plan = $state.raw<Plan | null>(null);
  #planning = $state(false);
  // The job whose progress the stage shows: the last one sent from here.
  #watched = $state<string | null>(null);
  // The picture on the stage instead of the source.
  #shown = $state<string | null>(null);
  #strip = $state.raw<readonly StripTile[]>([]);
  #busyPicture = $state(false);
  #selecting = $state(false);
  #answer = $state.raw<Job | null>(null);
  #fresh = true; // nothing was heard of the queue yet
  #mask: { version: number; source: string; input: InputInfo } | null = null;
  #sketch: { version: number; source: string; input: InputInfo } | null = null;
  #repeated = new Map<string, Picture>(); // jobs that make a picture once more
  #stripKind = "";
  #planTimer: ReturnType<typeof setTimeout> | undefined;
  #planAbort: AbortController | null = null;

  constructor(private readonly parts: Parts) {}

  get sending(): boolean {
    return this.#sending;
  }
  get plan(): Plan | null {
    return this.#plan;
  }
  get planning(): boolean {
    return this.#planning;
  }
  get loadingPicture(): boolean {
    return this.#busyPicture;
  }
  get selecting(): boolean {
    return this.#selecting;
  }
  get strip(): readonly StripTile[] {
    // Of another job it would say nothing about this one. (Read first: whoever asks is told of the next.)
    const strip = this.#strip;
    return this.parts.draft.kind?.kind === this.#stripKind ? strip : [];
  }
  get watched(): Job | null {
    return this.#watched === null ? null : (this.parts.jobs.find(this.#watched) ?? null);
  }
  get shown(): string | null {
    return this.#shown;
  }
  // The last answer in words (describe).
  get answer(): Job | null {
    return this.#answer;
  }
  set answer(job: Job | null) {
    this.#answer = job;
  }

  async start(): Promise<void> {
    const { draft, editor, client } = this.parts;
    const source = draft.source;
    if (!source) return;
    try {
      // The server may have been given another data folder since.
      draft.source = await client.input(source.sha256);
      await editor.open(draft.source);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) draft.source = null;
    }
  }

  apply(event: ServerEvent): void {
    if (event.type === "job" && event.job.id === this.#watched) this.#ended(event.job);
    if (event.type === "job_removed" && event.id === this.#watched) this.#watched = null;
    if (event.type === "snapshot") {
      const job = event.jobs.find((candidate) => candidate.id === this.#watched);
      if (job) this.#ended(job);
      // A page that was closed and opened again goes on watching, but not its own helpers.
      const running = event.jobs.find((candidate) => candidate.id === event.queue.running);
      if (this.#fresh && !this.#watched && running && !running.label.startsWith("page:")) this.#watched = running.id;
      this.#fresh = false;
    }
  }

  // Shows a job's progress and then its result, also when it was done before its number was known.
  #follow(id: string): void {
    this.#shown = null;
    this.#watched = id;
    const job = this.parts.jobs.find(id);
    if (job) this.#ended(job);
  }

  // Shows what a job made, says why it could not, or stops watching it.
  #ended(job: Job): void {
    if (job.state === "done") return this.#arrived(job);
    if (!isFinished(job)) return;
    this.#watched = null;
    if (job.state !== "failed" || !job.error) return;
    const { text, detail } = told(job.error, this.parts.i18n);
    this.parts.toasts.show(text, "bad", null, detail);
  }

  #arrived(job: Job): void {
    const [first] = job.pictures;
    this.#watched = null;
    for (const note of notesOf(job.result, this.parts.i18n.language)) this.parts.toasts.show(note, "plain");
    const original = this.#repeated.get(job.id);
    if (original && first) void this.#judge(original, first);
    this.#repeated.delete(job.id);
    if (first) this.#shown = first;
    else if (job.result !== undefined) this.#answer = job;
  }

  show(picture: string | null): void {
    this.#shown = picture;
  }

  // --- pictures coming in ---
  async takeFile(file: Blob, name: string): Promise<InputInfo | undefined> {
    this.#busyPicture = true;
    try {
      return await this.parts.attempt(uploadPicture(this.parts.client, file, name));
    } finally {
      this.#busyPicture = false;
    }
  }

  async openFile(file: Blob, name: string): Promise<void> {
    const input = await this.takeFile(file, name);
    if (input) await this.openInput(input);
  }

  async openInput(input: InputInfo): Promise<void> {
    const { draft, editor, toasts, i18n } = this.parts;
    draft.source = input;
    // A job that starts from words alone has no use for it.
    if (!works[draft.work].startsFromPicture) draft.work = "restyle";
    // One press is enough for the first painting.
    if (draft.kind?.kind === "stylize" && draft.changed("styles") === undefined && !draft.input("style")) draft.set("styles", [{ style: kFirstStyle, weight: 1 }]);
    // Whoever brings a picture looks at it, not at what still runs: that stays in the queue.
    this.#shown = null;
    this.#watched = null;
    this.#fresh = false;
    this.#strip = [];
    await editor.open(input);
    if (input.infotext) {
      const text = input.infotext;
      toasts.show(i18n.t("toast.hasSettings"), "plain", { label: i18n.t("toast.useSettings"), run: () => void this.pasteSettings(text) });
    }
  }

  async openUrl(url: string, name: string): Promise<void> {
    const response = await fetch(url);
    await this.openFile(await response.blob(), name);
  }

  async useAsInput(picture: string): Promise<void> {
    const input = await this.parts.attempt(this.parts.client.inputFromPicture(picture));
    if (input) await this.openInput(input);
  }

  closePicture(): void {
    this.parts.draft.source = null;
    this.parts.editor.close();
    this.#shown = null;
  }

  async pasteSettings(text: string): Promise<boolean> {
    const parsed = await this.parts.attempt(this.parts.client.parseInfotext(text));
    if (!parsed) return false;
    const request: Fields = { ...parsed.request };
    if (parsed.known_model) request["model"] = parsed.known_model;
    this.parts.draft.take(workOfKind(parsed.kind) ?? "restyle", { kind: parsed.kind, request, inputs: {} });
    this.parts.toasts.show(this.parts.i18n.t("toast.settingsTaken"), "good");
    return true;
  }

  async useSettings(picture: Picture): Promise<void> {
    const { client, draft, attempt, toasts, i18n } = this.parts;
    const recorded = await attempt(client.pictureSettings(picture.id));
    const settings = recorded && ofOneCell(recorded);
    const work = settings && workOfKind(settings.kind);
    if (!settings || !work) return;
    draft.take(work, settings);
    for (const [role, sha256] of Object.entries(settings.inputs)) {
      // What is painted comes back with the picture it was painted on.
      if (role === "source" || role === maskRoleOf(draft.kind) || sha256 === draft.input(role)?.sha256) continue;
      const input = await attempt(client.input(sha256));
      if (input) draft.setInput(role, input);
    }
    const source = settings.inputs["source"];
    if (source && source !== draft.source?.sha256) {
      const input = await attempt(client.input(source));
      if (input) await this.openInput(input);
    }
    toasts.show(i18n.t("toast.settingsTaken"), "good");
  }

  // --- what stands in the way ---
  get obstacle(): Obstacle | null {
    const { draft, choices, editor, i18n } = this.parts;
    const because = (key: PlainKey): Obstacle => ({ key, text: null });
    if (!choices.loaded) return because("why.loading");
    const kind = draft.kind;
    if (!kind) return because("why.notInThisBuild");
    if (!kind.available) return { key: null, text: this.reasonOf(kind.kind, kind.reason) };
    if (works[draft.work].startsFromPicture && kind.inputs.some((role) => role.name === "source" && role.required) && !draft.source)
      return because("why.noPicture");
    if (works[draft.work].needsMask && !editor.maskBounds) return because("why.noMask");
    if (kind.kind === "stylize" && !draft.input("style") && !(draft.value("styles") as unknown[] | null)?.length) return because("why.noStyle");
    if (kind.kind === "outpaint" && !this.extends) return because("why.noExtension");
    if (this.needsPersonMask && draft.input("person") && !draft.input("person_mask")) return { key: null, text: i18n.t("why.missingInput", { what: i18n.t("role.person_mask") }) };
    for (const role of kind.inputs)
      if (role.required && role.name !== "source" && role.name !== maskRoleOf(kind) && !draft.input(role.name))
        return { key: null, text: i18n.t("why.missingInput", { what: i18n.maybe(`role.${role.name}`) ?? role.what }) };
    return null;
  }

  // CatVTON's usual weights are told where the garment goes, the mask-free ones see it.
  get needsPersonMask(): boolean {
    const { draft, choices } = this.parts;
    if (draft.kind?.kind !== "drape") return false;
    const named = draft.text("catvton");
    const weights = choices.models.filter((model) => model.kind === "catvton" && !model.problem && (named === "" || model.name === named));
    return !weights.some(isMaskFree);
  }

  private get extends(): boolean {
    const { draft } = this.parts;
    const sides = ["left", "right", "top", "bottom", "left_px", "right_px", "top_px", "bottom_px", "aspect"].filter((name) => draft.has(name));
    const amount = (value: Json): number => (typeof value === "number" ? value : typeof value === "string" ? Number.parseFloat(value) : 0);
    return sides.length === 0 || sides.some((name) => amount(draft.value(name)) > 0);
  }

  reasonOf(kind: string, reason: string | null): string {
    const { i18n } = this.parts;
    if (i18n.language === "en" && reason) return reason;
    return i18n.maybe(`reason.${kind}`) ?? reason ?? i18n.t("why.notInThisBuild");
  }

  // Marks what stands before a plain background, or the background, as the place to repaint.
  async selectByItself(what: "thing" | "background"): Promise<void> {
    const { client, editor, attempt } = this.parts;
    const source = editor.source;
    if (!source || this.#busyPicture) return;
    this.#busyPicture = this.#selecting = true;
    try {
      const mask = await attempt(client.select(source.sha256, what));
      if (mask && editor.source?.sha256 === source.sha256) await attempt(editor.importMask(mask));
    } finally {
      this.#busyPicture = this.#selecting = false;
    }
  }

  // A picture from the disk as the mask.
  async takeMask(file: File): Promise<void> {
    const input = await this.takeFile(file, file.name || "mask.png");
    if (input) await this.parts.attempt(this.parts.editor.importMask(input));
  }

  // --- plan ---
  // Whatever the plan depends on, as one value.
  get planKey(): string {
    const { draft, editor, choices } = this.parts;
    const drawn = editor.source ? editor.version : 0;
    // What ran before makes the estimate better.
    return JSON.stringify([draft.request(), drawn, this.obstacle, choices.models.length, this.parts.jobs.past.length]);
  }

  // Called whenever something the plan depends on changed.
  replan(): void {
    clearTimeout(this.#planTimer);
    this.#planAbort?.abort();
    if (this.obstacle) {
      this.#plan = null;
      this.#planning = false;
      return;
    }
    this.#planning = true;
    this.#planTimer = setTimeout(() => void this.#askPlan(), this.parts.draft.work === "retouch" ? kPlanAfterMs * 3 : kPlanAfterMs);
  }

  async #askPlan(): Promise<void> {
    const abort = new AbortController();
    this.#planAbort = abort;
    try {
      const job = await this.#complete(this.parts.draft.request());
      if (abort.signal.aborted || !job) return;
      const plan = await this.parts.client.plan(job, abort.signal);
      if (!abort.signal.aborted) this.#plan = plan;
    } catch {
      if (!abort.signal.aborted) this.#plan = null;
    } finally {
      if (this.#planAbort === abort) this.#planning = false;
    }
  }

  // The request with the pictures that the canvas makes.
  async #complete(job: JobRequest | null): Promise<JobRequest | null> {
    const { editor, draft, client } = this.parts;
    const source = draft.source;
    if (!job) return null;
    const inputs = { ...job.inputs };
    if (source && editor.source?.sha256 === source.sha256) {
      const role = maskRoleOf(draft.kind);
      if (role && editor.maskBounds) {
        if (this.#mask?.version !== editor.version || this.#mask.source !== source.sha256) {
          const version = editor.version;
          const picture = await editor.maskPicture();
          if (picture) this.#mask = { version, source: source.sha256, input: await uploadPicture(client, picture, "mask.png") };
        }
        if (this.#mask) inputs[role] = this.#mask.input.sha256;
      }
      if (inputs["source"] && editor.hasSketch) {
        if (this.#sketch?.version !== editor.version || this.#sketch.source !== source.sha256) {
          const version = editor.version;
          const picture = await editor.sketchedPicture();
          if (picture) this.#sketch = { version, source: source.sha256, input: await uploadPicture(client, picture, source.name || "sketch.png") };
        }
        if (this.#sketch) inputs["source"] = this.#sketch.input.sha256;
      }
    }
    return { ...job, inputs };
  }

  // --- sending ---
  async send(change: Fields = {}): Promise<Job | undefined> {
    const [job] = await this.sendAll([change]);
    if (!job) return undefined;
    this.#answer = null;
    this.#follow(job.id);
    return job;
  }

  // One job for each change of the draft as it is now; `told` hears of each as soon as it waits.
  // Nothing is sent while something is being sent, and nothing more after a refusal.
  async sendAll(changes: readonly Fields[], label = "", told: (jobs: readonly Job[]) => void = () => {}): Promise<readonly Job[]> {
    if (this.#sending || this.obstacle) return [];
    this.#sending = true;
    const sent: Job[] = [];
    try {
      for (const request of changes.map((change) => this.parts.draft.request(change))) {
        const job = await this.parts.attempt(this.#submit(request, label));
        if (!job) break;
        sent.push(job);
        told([...sent]);
      }
    } finally {
      this.#sending = false;
    }
    if (sent.length > 0) this.#remember();
    return sent;
  }

  // The draft as another kind of job, changed by `change`.
  async sendAs(kind: string, change: (fields: Fields) => Fields): Promise<Job | undefined> {
    const request = this.parts.draft.request();
    if (!request || this.#sending || this.obstacle) return undefined;
    this.#sending = true;
    try {
      return await this.parts.attempt(this.#submit({ ...request, kind, request: change(request.request) }, ""));
    } finally {
      this.#sending = false;
    }
  }

  async #submit(request: JobRequest | null, label: string): Promise<Job> {
    const whole = await this.#complete(request);
    if (!whole) throw new ApiError(0, "kind_unavailable", "");
    const job = await this.parts.client.submit({ ...whole, label, key: freshId() });
    this.parts.jobs.offer(job);
    return job;
  }

  // Five strengths of the same seed at half size.
  async sendStrip(): Promise<void> {
    const seed = this.parts.draft.number("seed") ?? Math.floor(Math.random() * 4294967295);
    const half = this.#halfSize();
    this.#strip = [];
    this.#stripKind = this.parts.draft.kind?.kind ?? "";
    await this.sendAll(kStripStrengths.map((strength) => ({ strength, seed, batch: 1, ...half })), kStripLabel, (jobs) => {
      this.#strip = jobs.map((job, i) => ({ strength: kStripStrengths[i] ?? 0, job: job.id }));
    });
  }

  #halfSize(): Fields {
    const { draft } = this.parts;
    if (!draft.has("width") || !this.#plan?.width || !this.#plan.height) return {};
    const half = (size: number): number => Math.max(64, Math.round(size / 16) * 8);
    return { width: half(this.#plan.width), height: half(this.#plan.height) };
  }

  // The same settings as a picture, changed.
  async again(picture: Picture, change: Fields): Promise<void> {
    const { client, attempt, jobs } = this.parts;
    const recorded = await attempt(client.pictureSettings(picture.id));
    if (!recorded) return;
    const settings = ofOneCell(recorded);
    const job = await attempt(client.submit({ ...settings, request: { ...settings.request, ...change }, key: freshId() }));
    if (!job) return;
    if (Object.keys(change).length === 0) this.#repeated.set(job.id, picture);
    jobs.offer(job);
    this.#follow(job.id);
  }

  // Says whether "repeat exactly" did.
  async #judge(original: Picture, again: string): Promise<void> {
    const { pictures, toasts, attempt, i18n } = this.parts;
    const made = await attempt(pictures.need(again));
    if (!made) return;
    const names = differing(original, made);
    if (names === null) toasts.show(i18n.t("repeat.same"), "good");
    else toasts.show(i18n.t("repeat.differs", { what: names.map((name) => parameterName(name, i18n)).join(", ") || i18n.t("repeat.unknown") }), "plain");
  }

  watch(job: string): void {
    this.#shown = null;
    this.#watched = job;
  }

  // --- results ---
  async discard(picture: string): Promise<void> {
    const { client, attempt, toasts, i18n } = this.parts;
    if ((await attempt(client.trash([picture]))) === undefined) return;
    if (this.#shown === picture) this.#shown = null;
    toasts.show(i18n.t("toast.inTrash"), "plain", { label: i18n.t("action.undo"), run: () => void attempt(client.restore([picture])) });
  }

  // --- prompt history ---
  #remember(): void {
    const prompt = this.parts.draft.text("prompt").trim();
    if (prompt) promptHistory.add(prompt);
  }
}

const kHistoryKey = "prompts";
const kHistoryLength = 40;

export const promptHistory = {
  list(): string[] {
    try {
      return JSON.parse(localStorage.getItem(kHistoryKey) ?? "[]") as string[];
    } catch {
      return [];
    }
  },
  add(prompt: string): void {
    const list = [prompt, ...this.list().filter((known) => known !== prompt)].slice(0, kHistoryLength);
    try {
      localStorage.setItem(kHistoryKey, JSON.stringify(list));
    } catch {
      // Without memory there is no history.
    }
  },
};
