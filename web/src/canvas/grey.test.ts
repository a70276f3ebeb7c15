import { describe, expect, it } from "vitest";
import { boundsOf, feather, greyOf, grow, type Grey } from "./grey";

const spot = (width: number, height: number, x: number, y: number): Grey => {
  const grey = greyOf(width, height);
  grey.data[y * width + x] = 255;
  return grey;
};
// The slow way: every pixel looks at its whole square.
const naive = (grey: Grey, by: number): Grey => {
  const out = greyOf(grey.width, grey.height);
  const r = Math.abs(by);
  for (let y = 0; y < grey.height; y += 1)
    for (let x = 0; x < grey.width; x += 1) {
      const seen: number[] = [];
      for (let v = Math.max(0, y - r); v <= Math.min(grey.height - 1, y + r); v += 1)
        for (let u = Math.max(0, x - r); u <= Math.min(grey.width - 1, x + r); u += 1) seen.push(grey.data[v * grey.width + u] ?? 0);
      out.data[y * grey.width + x] = by > 0 ? Math.max(...seen) : Math.min(...seen);
    }
  return out;
};

describe("Grey", () => {
  it("grows a spot to a square", () => {
    expect(boundsOf(grow(spot(20, 20, 10, 10), 3))).toEqual({ x: 7, y: 7, width: 7, height: 7 });
  });
  it("grows and shrinks as the slow way does, at borders too", () => {
    const grey = greyOf(23, 17);
    let seed = 7;
    for (let i = 0; i < grey.data.length; i += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      grey.data[i] = seed % 256;
    }
    for (const by of [1, 2, 5, -1, -3]) expect(grow(grey, by).data).toEqual(naive(grey, by).data);
  });
  it("keeps a full mask full and an empty one empty", () => {
    const full = greyOf(16, 16);
    full.data.fill(255);
    expect(feather(full, 6).data).toEqual(full.data);
    expect(grow(full, -4).data).toEqual(full.data);
    expect(boundsOf(feather(greyOf(16, 16), 6))).toBeNull();
  });
  it("feathers without moving the middle", () => {
    const grey = greyOf(41, 41);
    for (let y = 10; y <= 30; y += 1) for (let x = 10; x <= 30; x += 1) grey.data[y * 41 + x] = 255;
    const soft = feather(grey, 6);
    const at = (x: number): number => soft.data[20 * 41 + x] ?? 0;
    expect(at(20)).toBe(255);
    for (let x = 0; x < 20; x += 1) expect(Math.abs(at(x) - at(40 - x))).toBeLessThanOrEqual(3);
    expect(at(10)).toBeGreaterThan(90);
    expect(at(10)).toBeLessThan(200);
  });
});
