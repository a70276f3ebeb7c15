import { describe, expect, it } from "vitest";
import type { Job } from "../api/types";
import { paceOf } from "./pace";

const job = (more: Partial<Job>): Job => ({
  id: "j1", state: "done", position: null, kind: "img2img", quarantined: false, label: "", priority: 0, request: { steps: 20, strength: 0.5 }, inputs: {}, created: 1, started: 10,
  finished: 32, attempts: 1, resumable: false, progress: null, error: null, pictures: ["p1"], parent: null, ...more,
});
const find = () => Promise.resolve({ width: 512, height: 384 });

describe("The pace", () => {
  it("is the time of a step that ran", async () => expect(await paceOf(job({}), find)).toEqual({ seconds: 2, size: "512 × 384" }));
  it("counts all pictures of a job", async () => expect((await paceOf(job({ pictures: ["p1", "p2"] }), find))?.seconds).toBe(1));
  it("is not told by jobs without steps, or after a break", async () => {
    expect(await paceOf(job({ kind: "stylize" }), find)).toBeNull();
    expect(await paceOf(job({ attempts: 2 }), find)).toBeNull();
    expect(await paceOf(job({ pictures: [] }), find)).toBeNull();
  });
});
