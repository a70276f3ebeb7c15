// How a picture lies on the screen: screen = picture × scale + (x, y). Pure functions.
import type { Point, Size } from "../base/geometry";
import { clamp } from "../base/geometry";

export interface View extends Point {
  readonly scale: number;
}

export const kSmallestScale = 0.02;
export const kLargestScale = 32;

// The whole picture in the middle, with room around it; never larger than twice its size.
export const fitted = (picture: Size, screen: Size, margin: number): View => {
  const scale = clamp(
    Math.min((screen.width - 2 * margin) / picture.width, (screen.height - 2 * margin) / picture.height, 2),
    kSmallestScale,
    kLargestScale,
  );
  return { scale, x: (screen.width - picture.width * scale) / 2, y: (screen.height - picture.height * scale) / 2 };
};

export const toPicture = (view: View, point: Point): Point => ({ x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale });

export const toScreen = (view: View, point: Point): Point => ({ x: point.x * view.scale + view.x, y: point.y * view.scale + view.y });

// What lies under `point` of the screen stays there.
export const zoomedAt = (view: View, point: Point, factor: number): View => {
  const scale = clamp(view.scale * factor, kSmallestScale, kLargestScale);
  const real = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * real, y: point.y - (point.y - view.y) * real };
};

export const moved = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy });

// One finger (a single point each) pans, two pan and zoom: what was between them stays between them.
export const pinched = (view: View, before: readonly Point[], after: readonly Point[]): View => {
  const mid = (p: readonly Point[]): Point => ({
    x: p.reduce((sum, q) => sum + q.x, 0) / p.length,
    y: p.reduce((sum, q) => sum + q.y, 0) / p.length,
  });
  const spread = (p: readonly Point[]): number => (p[0] && p[1] ? Math.hypot(p[0].x - p[1].x, p[0].y - p[1].y) : 0);
  if (before.length === 0 || after.length === 0) return view;
  const from = mid(before);
  const to = mid(after);
  const factor = spread(before) > 0 && spread(after) > 0 ? spread(after) / spread(before) : 1;
  return zoomedAt(moved(view, to.x - from.x, to.y - from.y), to, factor);
};
