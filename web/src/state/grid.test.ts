import { describe, expect, it } from "vitest";
import { axisValues } from "./grid";

describe("Axis", () => {
  it("takes lists", () => expect(axisValues("0.3, 0.5,0.7", true)).toEqual([0.3, 0.5, 0.7]));
  it("takes ranges", () => expect(axisValues("1-4", true)).toEqual([1, 2, 3, 4]));
  it("takes steps", () => expect(axisValues("10-50 (+20)", true)).toEqual([10, 30, 50]));
  it("takes counts", () => expect(axisValues("0.2-0.8 [4]", true)).toEqual([0.2, 0.4, 0.6, 0.8]));
  it("takes words as they are", () => expect(axisValues("Euler a, DPM++ 2M", false)).toEqual(["Euler a", "DPM++ 2M"]));
  it("leaves out what is no number", () => expect(axisValues("1, x, 3", true)).toEqual([1, 3]));
  it("never makes more than a hundred", () => expect(axisValues("1-100000", true)).toHaveLength(100));
});
