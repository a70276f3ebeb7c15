// What a person did to a picture, in its pixels, oldest first. A mask is white where the picture is
// to be repainted; the sketch is colour laid over the photograph.
import type { Point } from "../base/geometry";

// x, y, pressure, x, y, pressure, … pressure 0..1 scales the size.
export type Track = readonly number[];

export type Mode = "paint" | "erase";

export type Op =
  | { readonly type: "stroke"; readonly mode: Mode; readonly size: number; readonly softness: number; readonly track: Track }
  | { readonly type: "area"; readonly mode: Mode; readonly corners: readonly number[] }
  | { readonly type: "fill" }
  | { readonly type: "clear" }
  | { readonly type: "invert" }
  | { readonly type: "grow"; readonly by: number }
  | { readonly type: "feather"; readonly by: number }
  | { readonly type: "import"; readonly input: string }
  | { readonly type: "ink"; readonly mode: Mode; readonly colour: string; readonly size: number; readonly softness: number; readonly track: Track }
  | { readonly type: "clear-ink" };

export const onSketch = (op: Op): boolean => op.type === "ink" || op.type === "clear-ink";

export const cornersOf = (points: readonly Point[]): number[] => points.flatMap((p) => [round(p.x), round(p.y)]);

// A tenth of a pixel is enough, and keeps documents small.
export const round = (value: number): number => Math.round(value * 10) / 10;
