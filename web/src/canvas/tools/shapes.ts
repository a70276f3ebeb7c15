// Tools that draw an outline and fill it: rectangle, lasso, polygon.
import type { Point } from "../../base/geometry";
import { distance } from "../../base/geometry";
import type { Touch } from "../gesture";
import type { Mode } from "../ops";
import { cornersOf } from "../ops";
import type { Outline, Tool, ToolHost } from "./tool";

const kSmallestPx = 2;

abstract class Shape implements Tool {
  protected points: Point[] = [];

  constructor(
    protected readonly host: ToolHost,
    protected readonly mode: () => Mode,
  ) {}

  get outline(): Outline | null {
    return this.points.length > 0 ? { points: this.points, closed: true } : null;
  }

  abstract down(at: Touch): void;
  abstract move(along: readonly Touch[]): void;
  abstract up(): void;

  cancel(): void {
    this.points = [];
  }

  protected fill(points: readonly Point[]): void {
    this.points = [];
    const xs = points.map((p) => p.x);
    const ys = points.map((p) => p.y);
    if (points.length < 3 || Math.max(...xs) - Math.min(...xs) < kSmallestPx || Math.max(...ys) - Math.min(...ys) < kSmallestPx) return;
    this.host.push({ type: "area", mode: this.mode(), corners: cornersOf(points) });
  }
}

export class RectangleTool extends Shape {
  private start: Point = { x: 0, y: 0 };

  down(at: Touch): void {
    this.start = { x: at.x, y: at.y };
    this.points = [this.start];
  }
  move(along: readonly Touch[]): void {
    const last = along.at(-1);
    if (!last) return;
    this.points = [this.start, { x: last.x, y: this.start.y }, { x: last.x, y: last.y }, { x: this.start.x, y: last.y }];
  }
  up(): void {
    this.fill(this.points);
  }
}

export class Lasso extends Shape {
  down(at: Touch): void {
    this.points = [{ x: at.x, y: at.y }];
  }
  move(along: readonly Touch[]): void {
    for (const at of along) this.points = [...this.points, { x: at.x, y: at.y }];
  }
  up(): void {
    this.fill(this.points);
  }
}

// Each tap adds a corner; a tap on the first one, or Enter, closes the shape.
export class Polygon extends Shape {
  constructor(
    host: ToolHost,
    mode: () => Mode,
    private readonly reach: () => number, // how near a tap is "on" a corner, in pixels of the picture
  ) {
    super(host, mode);
  }

  override get outline(): Outline | null {
    return this.points.length > 0 ? { points: this.points, closed: false } : null;
  }

  down(at: Touch): void {
    const first = this.points[0];
    if (first && this.points.length > 2 && distance(first, at) <= this.reach()) this.finish();
    else this.points = [...this.points, { x: at.x, y: at.y }];
  }
  move(along: readonly Touch[]): void {
    const last = along.at(-1);
    if (last && this.points.length > 0) this.points = [...this.points.slice(0, -1), { x: last.x, y: last.y }];
  }
  up(): void {}
  finish(): void {
    this.fill(this.points);
  }
}
