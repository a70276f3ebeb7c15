// How far a picture grows at each side, whatever the server calls the fields: `left` or `left_px`,
// numbers of pixels or texts such as "128px" and "25%".
import type { Draft } from "./draft.svelte";

export const sides = ["left", "right", "top", "bottom"] as const;
export type Side = (typeof sides)[number];

export const sideField = (draft: Draft, side: Side): string | null =>
  draft.has(side) ? side : draft.has(`${side}_px`) ? `${side}_px` : null;

export const readSides = (draft: Draft): Record<Side, number> => {
  const read = (side: Side): number => {
    const name = sideField(draft, side);
    const value = name === null ? 0 : draft.value(name);
    if (typeof value === "number") return value;
    if (typeof value !== "string") return 0;
    const amount = Number.parseFloat(value) || 0;
    const whole = side === "left" || side === "right" ? draft.source?.width : draft.source?.height;
    return value.trim().endsWith("%") ? Math.round((amount / 100) * (whole ?? 0)) : amount;
  };
  return { left: read("left"), right: read("right"), top: read("top"), bottom: read("bottom") };
};

export const writeSide = (draft: Draft, side: Side, amount: number): void => {
  const name = sideField(draft, side);
  if (name === null) return;
  const pixels = Math.max(0, Math.round(amount / 8) * 8);
  const text = draft.fieldOf(name)?.type === "string";
  draft.set(name, pixels === 0 ? undefined : text ? `${pixels}px` : pixels);
};
