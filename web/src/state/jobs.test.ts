import { describe, expect, it } from "vitest";
import type { Client } from "../api/client";
import type { Job, Progress } from "../api/types";
import { Jobs } from "./jobs.svelte";

const job = (id: string, state: Job["state"], position: number | null = null): Job => ({
  id, state, position, kind: "img2img", quarantined: false, label: "", priority: 0, request: {}, inputs: {}, created: 1, started: null,
  finished: state === "done" ? 2 : null, attempts: 1, resumable: false, progress: null, error: null, pictures: [], parent: null,
});
const progress: Progress = { stage: "denoise", step: 1, steps: 4, fraction: 0.25, elapsed_s: 1, left_s: 3, preview: null };
const queue = { paused: false, notice: null, queued: 0, running: null, interrupted: [], left_s: null };
const client = {
  job: async (id: string) => job(id, "done"),
  jobs: async () => ({ items: [job("b", "queued", 1), job("a", "queued", 2)], next: null }),
} as unknown as Client;

describe("Jobs", () => {
  it("are what the snapshot says", () => {
    const jobs = new Jobs(client);
    jobs.put(job("old", "queued", 1));
    jobs.apply({ type: "snapshot", version: "1", queue, jobs: [job("b", "queued", 2), job("a", "queued", 1), job("r", "running")] });
    expect(jobs.queued.map((one) => one.id)).toEqual(["a", "b"]);
    expect(jobs.running?.id).toBe("r");
    expect(jobs.active).toBe(3);
  });
  it("keep their progress when a job event comes without it", () => {
    const jobs = new Jobs(client);
    jobs.put(job("r", "running"));
    jobs.apply({ type: "progress", job: "r", progress });
    jobs.apply({ type: "job", job: job("r", "running") });
    expect(jobs.running?.progress?.step).toBe(1);
  });
  it("do not mind an event that comes twice or late", () => {
    const jobs = new Jobs(client);
    jobs.apply({ type: "job", job: job("a", "done") });
    jobs.apply({ type: "progress", job: "a", progress });
    jobs.apply({ type: "job", job: job("a", "done") });
    expect(jobs.find("a")?.progress).toBeNull();
    expect(jobs.past).toHaveLength(1);
  });
  it("believe events before an answer that they overtook", () => {
    const jobs = new Jobs(client);
    jobs.apply({ type: "job", job: job("a", "done") });
    jobs.offer(job("a", "queued", 1));
    expect(jobs.find("a")?.state).toBe("done");
    jobs.offer(job("b", "queued", 1));
    expect(jobs.find("b")?.state).toBe("queued");
  });
  it("are done for good: an event that was late does not take the end away", async () => {
    const jobs = new Jobs(client);
    jobs.apply({ type: "job", job: job("a", "done") });
    jobs.apply({ type: "job", job: job("a", "queued", 1) });
    jobs.offer(job("a", "queued", 1));
    expect(jobs.find("a")?.state).toBe("done");
    expect((await jobs.whenFinished("a")).id).toBe("a");
  });
  it("that failed can be started again", () => {
    const jobs = new Jobs(client);
    jobs.apply({ type: "job", job: job("a", "failed") });
    jobs.apply({ type: "job", job: job("a", "queued", 1) });
    expect(jobs.find("a")?.state).toBe("queued");
  });
  it("ask for all places when one job took another's", async () => {
    const jobs = new Jobs(client);
    jobs.put(job("a", "queued", 1));
    jobs.put(job("b", "queued", 1));
    jobs.checkPlaces();
    await Promise.resolve();
    await Promise.resolve();
    expect(jobs.queued.map((one) => `${one.id}${one.position}`)).toEqual(["b1", "a2"]);
  });
  it("tell who waits for one, also after a break that hid its end", async () => {
    const jobs = new Jobs(client);
    const waits = jobs.whenFinished("gone");
    jobs.apply({ type: "snapshot", version: "1", queue, jobs: [] });
    expect((await waits).state).toBe("done");
  });
});
