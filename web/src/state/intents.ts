// What an intent sets where the person has set nothing (docs/jobs.md has the table): here only what
// the page shows of it.
import type { Json } from "../api/types";

const presets: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  retouch: { strength: 0.4, only_masked: true, only_masked_padding: 32 },
  recolour: { strength: 0.5, only_masked: true, only_masked_padding: 32 },
  replace: { strength: 0.85, only_masked: true, only_masked_padding: 64 },
  remove: { strength: 0.5, only_masked: true, only_masked_padding: 128 },
  add: { strength: 1, only_masked: true, only_masked_padding: 96 },
  background: { strength: 1, only_masked: false },
};

export const presetOf = (intent: Json | undefined, field: string): Json | undefined =>
  typeof intent === "string" ? presets[intent]?.[field] : undefined;
