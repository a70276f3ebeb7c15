// A brush stroke is a row of stamps. The mask is an opaque grey canvas: painting lays stamps with
// `lighten` (maximum), erasing with `darken` (minimum), so that a soft edge keeps the tip's profile
// however many stamps overlap; colour is laid with alpha.
import type { Rect } from "../base/geometry";
import { union } from "../base/geometry";
import type { Mode, Track } from "./ops";

export interface Tip {
  readonly size: number; // diameter, in pixels of the canvas
  readonly softness: number; // 0 hard .. 1 soft from the centre on
}

// Where the stamps of a track lie: [x, y, size] one after another, evenly spaced, the ends included.
export const stampsAlong = (track: Track, size: number): [number, number, number][] => {
  const out: [number, number, number][] = [];
  const at = (i: number): [number, number, number] => [track[i * 3] ?? 0, track[i * 3 + 1] ?? 0, track[i * 3 + 2] ?? 1];
  const count = Math.floor(track.length / 3);
  if (count === 0) return out;
  const [x0, y0, p0] = at(0);
  out.push([x0, y0, size * p0]);
  for (let i = 1; i < count; i += 1) {
    const [ax, ay, ap] = at(i - 1);
    const [bx, by, bp] = at(i);
    const length = Math.hypot(bx - ax, by - ay);
    const spacing = Math.max(0.75, size * 0.08 * Math.min(ap, bp));
    const steps = Math.max(1, Math.ceil(length / spacing));
    for (let k = 1; k <= steps; k += 1) {
      const share = k / steps;
      out.push([ax + (bx - ax) * share, ay + (by - ay) * share, size * (ap + (bp - ap) * share)]);
    }
  }
  return out;
};

export const tracksBounds = (track: Track, size: number): Rect | null => {
  let box: Rect | null = null;
  for (let i = 0; i + 2 < track.length; i += 3)
    box = union(box, { x: (track[i] ?? 0) - size / 2 - 1, y: (track[i + 1] ?? 0) - size / 2 - 1, width: size + 2, height: size + 2 });
  return box;
};

type Context = CanvasRenderingContext2D;

const tips = new Map<string, HTMLCanvasElement>();

const tipCanvas = (key: string, size: number, fill: (context: Context, edge: number) => void): HTMLCanvasElement => {
  const known = tips.get(key);
  if (known) return known;
  const canvas = document.createElement("canvas");
  const edge = Math.max(2, Math.ceil(size) + 2);
  canvas.width = edge;
  canvas.height = edge;
  const context = canvas.getContext("2d");
  if (context) fill(context, edge);
  if (tips.size > 64) tips.clear();
  tips.set(key, canvas);
  return canvas;
};

const gradient = (context: Context, edge: number, size: number, softness: number, inner: string, outer: string): CanvasGradient => {
  const radius = size / 2;
  const core = Math.min(0.995, 1 - softness) * Math.max(0, 1 - 1 / Math.max(radius, 1));
  const g = context.createRadialGradient(edge / 2, edge / 2, 0, edge / 2, edge / 2, Math.max(0.5, radius));
  g.addColorStop(0, inner);
  g.addColorStop(Math.max(0, core), inner);
  // A cosine's shape in four pieces: no visible ring where the softness begins.
  if (inner.startsWith("rgb(")) {
    const from = Number(inner.slice(4).split(/[ ,]/)[0]);
    const to = Number(outer.slice(4).split(/[ ,]/)[0]);
    for (const t of [0.25, 0.5, 0.75]) {
      const level = Math.round(from + (to - from) * (0.5 - 0.5 * Math.cos(Math.PI * t)));
      g.addColorStop(core + (1 - core) * t, `rgb(${level} ${level} ${level})`);
    }
  }
  g.addColorStop(1, outer);
  return g;
};

export const layStamps = (context: Context, stamps: readonly [number, number, number][], softness: number, mode: Mode): void => {
  const inner = mode === "paint" ? "rgb(255 255 255)" : "rgb(0 0 0)";
  const outer = mode === "paint" ? "rgb(0 0 0)" : "rgb(255 255 255)";
  context.globalCompositeOperation = mode === "paint" ? "lighten" : "darken";
  for (const [x, y, size] of stamps) {
    const rounded = Math.max(1, Math.round(size));
    const tip = tipCanvas(`${mode} ${rounded} ${softness}`, rounded, (c, edge) => {
      c.fillStyle = outer;
      c.fillRect(0, 0, edge, edge);
      c.fillStyle = gradient(c, edge, rounded, softness, inner, outer);
      c.fillRect(0, 0, edge, edge);
    });
    context.drawImage(tip, x - tip.width / 2, y - tip.height / 2);
  }
  context.globalCompositeOperation = "source-over";
};

export const layInk = (context: Context, stamps: readonly [number, number, number][], softness: number, mode: Mode, colour: string): void => {
  context.globalCompositeOperation = mode === "paint" ? "source-over" : "destination-out";
  for (const [x, y, size] of stamps) {
    const rounded = Math.max(1, Math.round(size));
    const tip = tipCanvas(`ink ${rounded} ${softness} ${colour}`, rounded, (c, edge) => {
      c.fillStyle = gradient(c, edge, rounded, softness, `${colour}ff`, `${colour}00`);
      c.fillRect(0, 0, edge, edge);
    });
    context.drawImage(tip, x - tip.width / 2, y - tip.height / 2);
  }
  context.globalCompositeOperation = "source-over";
};
