import { describe, expect, it } from "vitest";
import { stampsAlong, tracksBounds } from "./stamp";

describe("Stamps", () => {
  it("begin and end where the track does", () => {
    const stamps = stampsAlong([0, 0, 1, 100, 0, 1], 20);
    expect(stamps[0]).toEqual([0, 0, 20]);
    expect(stamps.at(-1)).toEqual([100, 0, 20]);
  });
  it("lie close enough to hide that they are many", () => {
    const stamps = stampsAlong([0, 0, 1, 100, 0, 1], 20);
    for (let i = 1; i < stamps.length; i += 1) expect((stamps[i]?.[0] ?? 0) - (stamps[i - 1]?.[0] ?? 0)).toBeLessThanOrEqual(1.61);
  });
  it("shrink with the pressure", () => {
    expect(stampsAlong([0, 0, 1, 10, 0, 0.5], 20).at(-1)?.[2]).toBe(10);
  });
  it("know how much of the canvas they change", () => {
    expect(tracksBounds([50, 50, 1], 10)).toEqual({ x: 44, y: 44, width: 12, height: 12 });
    expect(tracksBounds([], 10)).toBeNull();
  });
});
