import { describe, expect, it } from "vitest";
import { fitted, pinched, toPicture, toScreen, zoomedAt } from "./view";

const view = { x: 30, y: -12, scale: 1.7 };

describe("View", () => {
  it("goes to the screen and back", () => {
    const point = { x: 123, y: 45 };
    const back = toPicture(view, toScreen(view, point));
    expect(back.x).toBeCloseTo(point.x);
    expect(back.y).toBeCloseTo(point.y);
  });
  it("zooms about the pointer", () => {
    const at = { x: 200, y: 90 };
    const before = toPicture(view, at);
    const after = toPicture(zoomedAt(view, at, 2.3), at);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });
  it("pans with one finger", () => {
    expect(pinched(view, [{ x: 0, y: 0 }], [{ x: 5, y: 7 }])).toEqual({ x: 35, y: -5, scale: 1.7 });
  });
  it("keeps what lies between two fingers between them", () => {
    const before = [{ x: 100, y: 100 }, { x: 200, y: 100 }];
    const after = [{ x: 60, y: 140 }, { x: 260, y: 140 }];
    const middle = toPicture(view, { x: 150, y: 100 });
    const now = pinched(view, before, after);
    expect(now.scale).toBeCloseTo(view.scale * 2);
    expect(toPicture(now, { x: 160, y: 140 }).x).toBeCloseTo(middle.x);
    expect(toPicture(now, { x: 160, y: 140 }).y).toBeCloseTo(middle.y);
  });
  it("shows the whole picture", () => {
    const fit = fitted({ width: 1000, height: 500 }, { width: 600, height: 600 }, 50);
    expect(toScreen(fit, { x: 0, y: 0 }).x).toBeCloseTo(50);
    expect(toScreen(fit, { x: 1000, y: 500 }).x).toBeCloseTo(550);
  });
});
