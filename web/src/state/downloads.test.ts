import { describe, expect, it } from "vitest";
import type { Download } from "../api/types";
import { Downloads } from "./downloads.svelte";

const download = (id: string, state: Download["state"]): Download =>
  ({ id, spec: "s", state, stage: null, offer: null, created: 1, finished: null, done_bytes: 0, total_bytes: 0, bytes_per_s: null, left_s: null, error: null, model: null });

describe("Downloads", () => {
  it("an answer that events have overtaken does not undo them", () => {
    const downloads = new Downloads({} as never);
    downloads.apply({ type: "download", download: download("w1", "failed") });
    downloads.offer(download("w1", "queued"));
    expect(downloads.list[0]?.state).toBe("failed");
    downloads.offer(download("w2", "queued"));
    expect(downloads.list.map((one) => one.id).sort()).toEqual(["w1", "w2"]);
  });
});
