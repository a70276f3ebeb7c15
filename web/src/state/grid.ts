// A grid: the same picture under changed settings. The server paints one as a single job where it
// can (a sheet to keep, one model load, resumed after a break); elsewhere every cell is a job.
// Axes are written in A1111's way of writing values: "0.3, 0.5, 0.7", "1-5", "10-50 (+20)",
// "0.2-0.8 [4]".
import type { JobRequest, Json } from "../api/types";

const kMost = 100;

const span = (text: string): number[] | null => {
  const range = /^(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)\s*(?:\(([+-]\d+(?:\.\d+)?)\)|\[(\d+)\])?$/.exec(text);
  if (!range) return null;
  const from = Number(range[1]);
  const to = Number(range[2]);
  const tidy = (value: number): number => Math.round(value * 10000) / 10000;
  if (range[4] !== undefined) {
    const count = Math.min(kMost, Math.max(1, Number(range[4])));
    return Array.from({ length: count }, (_, i) => tidy(count === 1 ? from : from + ((to - from) * i) / (count - 1)));
  }
  const step = range[3] !== undefined ? Number(range[3]) : from <= to ? 1 : -1;
  if (step === 0 || (to - from) * step < 0) return [from];
  const out: number[] = [];
  for (let value = from; out.length < kMost && (step > 0 ? value <= to + 1e-9 : value >= to - 1e-9); value += step) out.push(tidy(value));
  return out;
};

// Pieces between commas; quotes around one that holds a comma itself.
const pieces = (text: string): string[] =>
  [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)].map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim());

export const axisValues = (text: string, numeric: boolean): Json[] =>
  pieces(text)
    .filter(Boolean)
    .flatMap((piece): Json[] => {
      if (!numeric) return [piece];
      const many = span(piece);
      if (many) return many;
      const one = Number(piece);
      return Number.isFinite(one) ? [one] : [];
    })
    .slice(0, kMost);

export interface Grid {
  readonly x: string;
  readonly y: string;
  readonly xs: readonly Json[];
  readonly ys: readonly Json[];
  readonly job?: string; // the one job that paints it
  readonly cells: readonly string[]; // else jobs, row by row
}

// What the server's grid can change, under the names of the form's fields.
const sameName = [
  "strength", "seed", "subseed", "subseed_strength", "steps", "cfg", "image_cfg", "prompt", "sampler", "scheduler", "s_churn", "s_tmin", "s_tmax", "s_noise", "sigma_min",
  "sigma_max", "rho", "eta", "clip_skip", "extra_noise", "rng", "vae", "model",
];
const parameters: ReadonlyMap<string, string> = new Map([
  ...sameName.map((name): [string, string] => [name, name]),
  ["initial_noise_multiplier", "noise_multiplier"],
]);
export const isAxis = (field: string): boolean => parameters.has(field);

const written = (value: Json): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
// "strength=0.3,0.5", as the server reads it.
export const axisText = (field: string, values: readonly Json[]): string => `${parameters.get(field) ?? field}=${values.map(written).join(",")}`;

// Where the cell's picture is among those of the job: the sheet comes first.
export const indexOfCell = (grid: Grid, row: number, column: number): number => 1 + row * grid.xs.length + column;

// A cell of a grid alone is an ordinary repainting; a sheet stays a grid.
export const ofOneCell = (job: JobRequest): JobRequest => {
  const { x, y, z, ...request } = job.request;
  return job.kind !== "grid" || x || y || z ? job : { ...job, kind: "img2img", request };
};
