// Axes of a grid, in A1111's way of writing values: "0.3, 0.5, 0.7", "1-5", "10-50 (+20)",
// "0.2-0.8 [4]".
import type { Json } from "../api/types";

const kMost = 100;

const span = (text: string): number[] | null => {
  const range = /^(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)\s*(?:\(([+-]\d+(?:\.\d+)?)\)|\[(\d+)\])?$/.exec(text);
  if (!range) return null;
  const from = Number(range[1]);
  const to = Number(range[2]);
  const tidy = (value: number): number => Math.round(value * 10000) / 10000;
  if (range[4] !== undefined) {
    const count = Math.min(kMost, Math.max(1, Number(range[4])));
    return Array.from({ length: count }, (_, i) => tidy(count === 1 ? from : from + ((to - from) * i) / (count - 1)));
  }
  const step = range[3] !== undefined ? Number(range[3]) : from <= to ? 1 : -1;
  if (step === 0 || (to - from) * step < 0) return [from];
  const out: number[] = [];
  for (let value = from; out.length < kMost && (step > 0 ? value <= to + 1e-9 : value >= to - 1e-9); value += step) out.push(tidy(value));
  return out;
};

export const axisValues = (text: string, numeric: boolean): Json[] =>
  text
    .split(",")
    .map((piece) => piece.trim())
    .filter(Boolean)
    .flatMap((piece): Json[] => {
      if (!numeric) return [piece];
      const many = span(piece);
      if (many) return many;
      const one = Number(piece);
      return Number.isFinite(one) ? [one] : [];
    })
    .slice(0, kMost);
