import { describe, expect, it } from "vitest";
import { CanvasDocument } from "./document";
import type { Op } from "./ops";

const fill: Op = { type: "fill" };
const invert: Op = { type: "invert" };

describe("CanvasDocument", () => {
  it("undoes and redoes to the same operations", () => {
    const document = new CanvasDocument(10, 10);
    document.push(fill);
    document.push(invert);
    const before = document.applied;
    document.undo();
    expect(document.applied).toEqual([fill]);
    document.redo();
    expect(document.applied).toEqual(before);
  });
  it("cuts what was undone at the next edit", () => {
    const document = new CanvasDocument(10, 10);
    document.push(fill);
    document.undo();
    document.push(invert);
    expect(document.canRedo).toBe(false);
    expect(document.content().ops).toEqual([invert]);
  });
  it("comes back from its content with the undone part", () => {
    const document = new CanvasDocument(10, 10);
    document.push(fill);
    document.push(invert);
    document.undo();
    const again = new CanvasDocument(10, 10, document.content());
    expect(again.applied).toEqual([fill]);
    expect(again.canRedo).toBe(true);
  });
  it("ignores content of a picture of another size", () => {
    const document = new CanvasDocument(10, 10);
    document.push(fill);
    expect(new CanvasDocument(20, 10, document.content()).applied).toEqual([]);
  });
  it("has no limit of steps", () => {
    const document = new CanvasDocument(10, 10);
    for (let i = 0; i < 1000; i += 1) document.push(invert);
    for (let i = 0; i < 1000; i += 1) document.undo();
    expect(document.canUndo).toBe(false);
  });
});
