import { describe, expect, it } from "vitest";
import { layOut, visibleRows } from "./rows";

const day = 86_400;
const items = Array.from({ length: 10_000 }, (_, i) => ({ id: i, created: 1_700_000_000 - Math.floor(i / 37) * day }));

describe("Rows", () => {
  const layout = layOut(items, 1000, 160);
  it("hold every picture once, in order", () => {
    const seen = layout.rows.flatMap((row) => (row.type === "line" ? row.items.map((item) => item.id) : []));
    expect(seen).toEqual(items.map((item) => item.id));
  });
  it("never mix days in a line", () => {
    for (const row of layout.rows) if (row.type === "line") expect(new Set(row.items.map((item) => Math.floor(item.id / 37))).size).toBe(1);
  });
  it("show only what is in sight", () => {
    const shown = visibleRows(layout, layout.height / 2, 800, 400);
    expect(shown.length).toBeLessThan(25);
    expect(shown[0]?.top ?? 0).toBeLessThanOrEqual(layout.height / 2);
  });
  it("fill the width", () => {
    expect(layout.columns * layout.cell + (layout.columns - 1) * 8).toBeCloseTo(1000);
  });
});
