// How fast this computer paints, from a job that is done.
import type { Job, Picture } from "../api/types";
import { stepsThatRun } from "./strength";

export interface Pace {
  readonly seconds: number; // a step
  readonly size: string;
}

// Null for jobs that do not paint by steps, and for those that went on after a break.
export const paceOf = async (job: Job, find: (id: string) => Promise<Pick<Picture, "width" | "height">>): Promise<Pace | null> => {
  const { steps, strength, fix_steps: fixed } = job.request;
  const [first] = job.pictures;
  if (!["img2img", "txt2img"].includes(job.kind) || job.attempts !== 1 || typeof steps !== "number" || !first) return null;
  if (job.started === null || job.finished === null) return null;
  const runs = typeof strength === "number" ? stepsThatRun(strength, steps, fixed === true) : steps;
  if (runs < 1) return null;
  const { width, height } = await find(first);
  return { seconds: (job.finished - job.started) / (runs * job.pictures.length), size: `${width} × ${height}` };
};
