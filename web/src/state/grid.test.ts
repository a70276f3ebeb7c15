import { describe, expect, it } from "vitest";
import { axisText, axisValues, indexOfCell, isAxis, ofOneCell } from "./grid";

describe("Axis", () => {
  it("takes lists", () => expect(axisValues("0.3, 0.5,0.7", true)).toEqual([0.3, 0.5, 0.7]));
  it("takes ranges", () => expect(axisValues("1-4", true)).toEqual([1, 2, 3, 4]));
  it("takes steps", () => expect(axisValues("10-50 (+20)", true)).toEqual([10, 30, 50]));
  it("takes counts", () => expect(axisValues("0.2-0.8 [4]", true)).toEqual([0.2, 0.4, 0.6, 0.8]));
  it("takes words as they are", () => expect(axisValues("Euler a, DPM++ 2M", false)).toEqual(["Euler a", "DPM++ 2M"]));
  it("leaves out what is no number", () => expect(axisValues("1, x, 3", true)).toEqual([1, 3]));
  it("never makes more than a hundred", () => expect(axisValues("1-100000", true)).toHaveLength(100));
});

describe("A grid for the server", () => {
  it("keeps commas and quotes inside values", () => {
    expect(axisValues('cat, "red fox, running", "a ""real"" dog"', false)).toEqual(["cat", "red fox, running", 'a "real" dog']);
    expect(axisText("prompt", ["cat", "red fox, running", 'a "real" dog'])).toBe('prompt=cat,"red fox, running","a ""real"" dog"');
  });
  it("names parameters as the server does", () => {
    expect(axisText("initial_noise_multiplier", [0.9, 1])).toBe("noise_multiplier=0.9,1");
    expect(isAxis("strength")).toBe(true);
    expect(isAxis("width")).toBe(false);
  });
  it("has its sheet before its cells", () => {
    const grid = { x: "strength", y: "seed", xs: [0.3, 0.6], ys: [1, 2], job: "j1", cells: [] };
    expect([indexOfCell(grid, 0, 0), indexOfCell(grid, 1, 1)]).toEqual([1, 4]);
  });
  it("gives back a cell as the repainting it is", () => {
    expect(ofOneCell({ kind: "grid", request: { seed: 1, x: "", y: "", z: "" }, inputs: {} })).toEqual({ kind: "img2img", request: { seed: 1 }, inputs: {} });
    const sheet = { kind: "grid", request: { x: "seed=1-2" }, inputs: {} };
    expect(ofOneCell(sheet)).toBe(sheet);
  });
});
