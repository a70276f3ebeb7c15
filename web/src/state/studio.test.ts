import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/client";
import type { Fields, Job, JobRequest, ServerEvent } from "../api/types";
import { Jobs } from "./jobs.svelte";
import { kStripStrengths, Studio } from "./studio.svelte";

const queue = { paused: false, notice: null, queued: 0, running: null, interrupted: [], left_s: null };
const jobOf = (id: string, state: Job["state"], more: Partial<Job> = {}): Job => ({
  id, state, position: null, kind: "img2img", quarantined: false, label: "", priority: 0, request: {}, inputs: {}, created: 1, started: null,
  finished: null, attempts: 1, resumable: false, progress: null, error: null, pictures: [], parent: null, ...more,
});

let sent: JobRequest[];
let said: string[];
let jobs: Jobs;
let studio: Studio;
// What the server tells of a job, before it answers the request that made it.
let tells: (id: string) => ServerEvent[];
let refuses: (request: JobRequest) => boolean;

beforeEach(() => {
  sent = [];
  said = [];
  tells = () => [];
  refuses = () => false;
  const client = {
    submit: (request: JobRequest): Promise<Job> => {
      if (refuses(request)) return Promise.reject(new ApiError(422, "invalid", "no"));
      const id = `j${sent.push(request)}`;
      for (const event of tells(id)) {
        jobs.apply(event);
        studio.apply(event);
      }
      return Promise.resolve(jobOf(id, "queued", { position: 1 }));
    },
  };
  const draft = {
    work: "restyle", kind: { kind: "img2img", available: true, reason: null, inputs: [], fields: [] }, source: null,
    request: (change: Fields): JobRequest => ({ kind: "img2img", request: change, inputs: {} }),
    changed: () => undefined, number: () => null, text: () => "", value: () => null, input: () => null, has: () => false,
  };
  jobs = new Jobs(client as never);
  const attempt = <T>(task: Promise<T>): Promise<T | undefined> => task.catch(() => undefined);
  studio = new Studio({
    client, jobs, draft, attempt, choices: { loaded: true }, editor: { source: null, maskBounds: null, open: () => Promise.resolve() }, i18n: { language: "en", maybe: () => null }, pictures: {}, toasts: { show: (text: string) => void said.push(text) },
  } as never);
});

describe("The studio", () => {
  it("shows an answer that came before the job's number was known, and was followed by older news", async () => {
    tells = (id) => [
      { type: "job", job: jobOf(id, "done", { result: { prompt: "a cat" } }) },
      { type: "job", job: jobOf(id, "queued", { position: 1 }) },
    ];
    await studio.send();
    expect(studio.answer?.id).toBe("j1");
    expect(studio.watched).toBeNull();
  });
  it("shows the picture of a job that was quicker than its answer", async () => {
    tells = (id) => [{ type: "job", job: jobOf(id, "done", { pictures: ["p1"] }) }];
    await studio.send();
    expect(studio.shown).toBe("p1");
  });
  it("gives the stage back when a job is cancelled or stopped, and says why one failed", async () => {
    for (const state of ["cancelled", "interrupted", "failed"] as const) {
      const job = await studio.send();
      expect(studio.watched?.id).toBe(job?.id);
      const error = state === "failed" ? { kind: "corrupt_file", code: "corrupt_file", message: "m.safetensors is cut short" } : null;
      const event: ServerEvent = { type: "job", job: jobOf(job?.id ?? "", state, { error }) };
      jobs.apply(event);
      studio.apply(event);
      expect(studio.watched, state).toBeNull();
    }
    expect(said).toEqual(["m.safetensors is cut short"]);
  });
  it("sends all five strengths, however quickly the first ones end", async () => {
    tells = (id) => [{ type: "job", job: jobOf(id, "done", { pictures: [`of ${id}`] }) }, { type: "job", job: jobOf(id, "running") }];
    await studio.sendStrip();
    expect(sent.map(({ request }) => request["strength"])).toEqual([...kStripStrengths]);
    expect(studio.strip.map(({ job }) => jobs.find(job)?.pictures)).toEqual(sent.map((_, i) => [`of j${i + 1}`]));
    expect(studio.sending).toBe(false);
  });
  it("stops at a refusal, and can send again", async () => {
    refuses = ({ request }) => request["strength"] === 0.55;
    await studio.sendStrip();
    expect(studio.strip).toHaveLength(2);
    expect(studio.sending).toBe(false);
    await studio.send();
    expect(sent).toHaveLength(3);
  });
  it("sends nothing while something is being sent", async () => {
    await Promise.all([studio.send(), studio.send()]);
    expect(sent).toHaveLength(1);
  });
  it("goes on watching what ran when the page was opened, but not its own helpers", () => {
    const opened = (label: string): void => studio.apply({ type: "snapshot", version: "1", queue: { ...queue, running: "r" }, jobs: [jobOf("r", "running", { label })] });
    jobs.put(jobOf("r", "running"));
    opened("page:preview");
    expect(studio.watched).toBeNull();
    opened("");
    expect(studio.watched, "only once").toBeNull();
  });
  it("leaves a running job to the queue when a picture comes", async () => {
    jobs.put(jobOf("r", "running"));
    studio.apply({ type: "snapshot", version: "1", queue: { ...queue, running: "r" }, jobs: [jobOf("r", "running")] });
    expect(studio.watched?.id).toBe("r");
    await studio.openInput({ sha256: "s", name: "", format: "png", width: 1, height: 1, bytes: 1, created: 1, infotext: null });
    studio.apply({ type: "job", job: jobOf("r", "done", { pictures: ["p1"] }) });
    expect(studio.shown).toBeNull();
  });
});
