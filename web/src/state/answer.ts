// What "describe" says of a picture, read leniently: an older or newer program may say less.
import type { Json } from "../api/types";

export interface Answer {
  readonly prompt: string; // English, for a model
  readonly promptZh: string;
  readonly negative: string;
  readonly source: string; // "recorded" in the file, "seen" by a model, "measured"
  readonly by: string;
  readonly palette: readonly { css: string; share: number; name: string; nameZh: string }[];
  readonly terms: readonly { en: string; zh: string }[];
}

type Members = Readonly<Record<string, Json | undefined>>;
const members = (value: Json | undefined): Members => (typeof value === "object" && value !== null && !Array.isArray(value) ? value : {});
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

// What a job found worth telling beside its pictures.
export const notesOf = (result: Json | undefined, language: "en" | "zh"): readonly string[] => {
  const said = members(result);
  const chinese = language === "zh" ? list(said["notes_zh"]) : [];
  return (chinese.length > 0 ? chinese : list(said["notes"])).filter((note) => typeof note === "string");
};

export const readAnswer = (result: Json | undefined): Answer => {
  const said = members(result);
  return {
    prompt: text(result) || text(said["prompt"]) || text(said["caption"]),
    promptZh: text(said["prompt_zh"]),
    negative: text(said["negative_prompt"]),
    source: text(said["source"]),
    by: text(said["by"]),
    palette: list(said["palette"]).map(members).flatMap((colour) => {
      const rgb = list(colour["rgb"]).filter((part) => typeof part === "number");
      const share = colour["share"];
      if (rgb.length !== 3 || typeof share !== "number") return [];
      const name = text(colour["name"]);
      return [{ css: `rgb(${rgb.join(" ")})`, share, name, nameZh: text(colour["name_zh"]) || name }];
    }),
    terms: list(said["terms"]).map(members).flatMap((term) => {
      const en = text(term["term"]);
      return en ? [{ en, zh: text(term["term_zh"]) || en }] : [];
    }),
  };
};
