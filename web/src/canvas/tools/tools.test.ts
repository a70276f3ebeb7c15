import { beforeEach, describe, expect, it } from "vitest";
import type { Touch } from "../gesture";
import type { Op } from "../ops";
import { Brush, type BrushSettings } from "./brush";
import { Lasso, Polygon, RectangleTool } from "./shapes";
import type { ToolHost } from "./tool";

let ops: Op[];
let discarded: number;
const host: ToolHost = { push: (op) => ops.push(op), draft: () => {}, discardDraft: () => (discarded += 1) };
const at = (x: number, y: number, kind: Touch["kind"] = "mouse", pressure = 0.5): Touch => ({ x, y, kind, pressure });
const settings: BrushSettings = { layer: "mask", mode: "paint", size: 20, softness: 0.5, colour: "#ff0000" };

beforeEach(() => {
  ops = [];
  discarded = 0;
});

describe("Brush", () => {
  it("makes one stroke of a drag", () => {
    const brush = new Brush(host, () => settings);
    brush.down(at(1, 1));
    brush.move([at(5, 1), at(9, 1)]);
    brush.up();
    expect(ops).toEqual([{ type: "stroke", mode: "paint", size: 20, softness: 0.5, track: [1, 1, 1, 5, 1, 1, 9, 1, 1] }]);
  });
  it("makes a dot of a tap", () => {
    const brush = new Brush(host, () => settings);
    brush.down(at(1, 1));
    brush.up();
    expect(ops).toHaveLength(1);
  });
  it("heeds the pressure of a pen only", () => {
    const brush = new Brush(host, () => settings);
    brush.down(at(1, 1, "pen", 0));
    brush.move([at(9, 1, "pen", 1)]);
    brush.up();
    expect(ops[0]).toMatchObject({ track: [1, 1, 0.3, 9, 1, 1] });
  });
  it("leaves nothing behind when it is cancelled", () => {
    const brush = new Brush(host, () => settings);
    brush.down(at(1, 1));
    brush.cancel();
    brush.up();
    expect(ops).toEqual([]);
    expect(discarded).toBe(1);
  });
  it("lays colour on the sketch", () => {
    const brush = new Brush(host, () => ({ ...settings, layer: "sketch" }));
    brush.down(at(1, 1));
    brush.up();
    expect(ops[0]).toMatchObject({ type: "ink", colour: "#ff0000" });
  });
});

describe("Shapes", () => {
  it("draw a rectangle from corner to corner", () => {
    const tool = new RectangleTool(host, () => "paint");
    tool.down(at(10, 10));
    tool.move([at(30, 20)]);
    tool.up();
    expect(ops).toEqual([{ type: "area", mode: "paint", corners: [10, 10, 30, 10, 30, 20, 10, 20] }]);
  });
  it("ignore a click without a drag", () => {
    const tool = new RectangleTool(host, () => "paint");
    tool.down(at(10, 10));
    tool.up();
    expect(ops).toEqual([]);
  });
  it("close a lasso by itself", () => {
    const tool = new Lasso(host, () => "erase");
    tool.down(at(0, 0));
    tool.move([at(10, 0), at(10, 10)]);
    tool.up();
    expect(ops[0]).toMatchObject({ type: "area", mode: "erase", corners: [0, 0, 10, 0, 10, 10] });
  });
  it("close a polygon at its first corner", () => {
    const tool = new Polygon(host, () => "paint", () => 4);
    for (const [x, y] of [[0, 0], [20, 0], [20, 20], [1, 2]] as const) {
      tool.down(at(x, y));
      tool.up();
    }
    expect(ops).toHaveLength(1);
    expect(tool.outline).toBeNull();
  });
});
