import { describe, expect, it } from "vitest";
import { snapped, stepsThatRun, strengthNotch, strengthWord } from "./strength";

describe("Strength", () => {
  it("runs as many steps as AUTOMATIC1111 does", () => {
    expect(stepsThatRun(0.5, 20, false)).toBe(11);
    expect(stepsThatRun(0.75, 20, false)).toBe(16);
    expect(stepsThatRun(1, 20, false)).toBe(20);
    expect(stepsThatRun(0, 20, false)).toBe(0);
    expect(stepsThatRun(0.3, 20, true)).toBe(20);
  });
  it("stops only where the number of steps differs", () => {
    for (const steps of [4, 12, 20, 30]) {
      const notch = strengthNotch(steps, false);
      const seen = new Set<number>();
      for (let k = 1; k <= steps; k += 1) seen.add(stepsThatRun(snapped(k * notch, notch), steps, false));
      expect(seen.size).toBeGreaterThanOrEqual(steps - 1);
    }
  });
  it("stays between nothing and everything", () => {
    expect(snapped(1.4, 0.05)).toBe(1);
    expect(snapped(-1, 0.05)).toBe(0);
  });
  it("has a word for each", () => {
    expect([0, 0.2, 0.5, 0.9].map(strengthWord)).toEqual(["none", "keep", "restyle", "reimagine"]);
  });
});
