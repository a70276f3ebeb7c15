// What goes with what, and what a model wants to hear.
import type { ModelInfo } from "../api/types";
import type { I18n } from "../i18n/i18n.svelte";
import type { Told } from "./refusal";

// The checkpoint that jobs use: the named one, else the first that works.
export const baseModel = (models: readonly ModelInfo[], named: string): ModelInfo | null =>
  models.find((model) => model.type === "checkpoint" && (model.name === named || model.id === named)) ??
  models.find((model) => model.type === "checkpoint" && !model.problem) ??
  null;

export interface Misfit {
  readonly problem: string | null; // the file's own, in the server's words
  readonly problemZh: string | null;
  readonly needs: string;
  readonly has: string;
  readonly name: string;
}

// Why a piece cannot work with the checkpoint; null when it can, or nobody knows.
export const misfit = (model: ModelInfo, base: ModelInfo | null): Misfit | null => {
  const because = (problem: string | null): Misfit => ({ problem, problemZh: model.problem_zh ?? null, needs: model.family ?? "", has: base?.family ?? "", name: base?.name ?? "" });
  if (model.problem) return because(model.problem);
  // Upscalers and their like have no base.
  if (!["lora", "embedding", "vae", "controlnet", "ip_adapter"].includes(groupOf(model))) return null;
  if (!base?.family || !model.family || model.family === base.family) return null;
  return because(null);
};

// The same as a sentence, and what more can be unfolded.
export const misfitTold = (why: Misfit, i18n: Pick<I18n, "language" | "maybe" | "t">): Told => {
  const family = (name: string): string => i18n.maybe(`models.family.${name}`) ?? name;
  if (why.problem === null) return { text: i18n.t("models.misfit", { needs: family(why.needs), has: family(why.has), name: why.name }), detail: null };
  if (i18n.language === "en") return { text: why.problem, detail: null };
  return why.problemZh ? { text: why.problemZh, detail: null } : { text: i18n.t("models.unusable"), detail: why.problem };
};

// The headings of the models page, in order: what jobs name first.
const kGroups = ["checkpoint", "lora", "embedding", "vae", "upscaler", "controlnet", "ip_adapter", "image_encoder", "catvton"];
export const groupOf = (model: ModelInfo): string => (model.kind && kGroups.includes(model.kind) ? model.kind : kGroups.includes(model.type) ? model.type : "other");
export const grouped = (models: readonly ModelInfo[]): { group: string; models: readonly ModelInfo[] }[] =>
  [...kGroups, "other"].map((group) => ({ group, models: models.filter((model) => groupOf(model) === group) })).filter(({ models: members }) => members.length > 0);

// The builds that CatVTON's weights were trained in; and whether weights want to be told the place.
export const takesCatVton = (model: ModelInfo): boolean => model.family === "SD1" && (model.variant === "inpaint" || model.variant === "edit");
export const isMaskFree = (weights: ModelInfo): boolean => /mask-?free/i.test(`${weights.name} ${weights.relative ?? weights.file}`);

export const triggerWords = (model: ModelInfo): readonly string[] => (model.trigger_words ?? []).filter((word) => word !== "");
