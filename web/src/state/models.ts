// What goes with what, and what a model wants to hear.
import type { ModelInfo } from "../api/types";

// The checkpoint that jobs use: the named one, else the first that works.
export const baseModel = (models: readonly ModelInfo[], named: string): ModelInfo | null =>
  models.find((model) => model.type === "checkpoint" && (model.name === named || model.id === named)) ??
  models.find((model) => model.type === "checkpoint" && !model.problem) ??
  null;

export interface Misfit {
  readonly problem: string | null; // the file's own, in the server's words
  readonly needs: string;
  readonly has: string;
  readonly name: string;
}

// Why a piece cannot work with the checkpoint; null when it can, or nobody knows.
export const misfit = (model: ModelInfo, base: ModelInfo | null): Misfit | null => {
  const because = (problem: string | null): Misfit => ({ problem, needs: model.family ?? "", has: base?.family ?? "", name: base?.name ?? "" });
  if (model.problem) return because(model.problem);
  // Upscalers and their like have no base.
  if (!["lora", "embedding", "vae", "controlnet", "ip_adapter"].includes(model.type)) return null;
  if (!base?.family || !model.family || model.family === base.family) return null;
  return because(null);
};

// The builds that CatVTON's weights were trained in; and whether weights want to be told the place.
export const takesCatVton = (model: ModelInfo): boolean => model.family === "SD1" && (model.variant === "inpaint" || model.variant === "edit");
export const isMaskFree = (weights: ModelInfo): boolean => /mask-?free/i.test(`${weights.name} ${weights.relative ?? weights.file}`);

export const triggerWords = (model: ModelInfo): readonly string[] => (model.trigger_words ?? []).filter((word) => word !== "");
