// A tool turns verbs (in pixels of the picture) into operations. It never sees the screen.
import type { Point } from "../../base/geometry";
import type { Touch } from "../gesture";
import type { Op } from "../ops";

export interface ToolHost {
  push(op: Op): void;
  // A stroke as far as it has come; `fromPoint` is the first point not shown yet.
  draft(op: Op & { type: "stroke" | "ink" }, fromPoint: number): void;
  discardDraft(): void;
}

export interface Outline {
  readonly points: readonly Point[];
  readonly closed: boolean;
}

export interface Tool {
  down(at: Touch): void;
  move(along: readonly Touch[]): void;
  up(): void;
  cancel(): void;
  // Enter, for tools that wait for more points.
  finish?(): void;
  readonly outline: Outline | null;
}
