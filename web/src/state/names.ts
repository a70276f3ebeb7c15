// What the program records in words for machines, as people read it.
import type { PaintingStyle, Picture } from "../api/types";
import { percent } from "../base/format";
import type { I18n } from "../i18n/i18n.svelte";
import { titleOf } from "./works";

type Words = Pick<I18n, "language" | "tag" | "maybe" | "t">;

const kOfPicture = "in the style of ";

// "stained-glass", "misty-blue:0.6,autumn-blaze:0.4".
export const styleNames = (recorded: string, styles: readonly PaintingStyle[], i18n: Words): string =>
  recorded.split(",").map((part) => {
    const [key = "", share] = part.trim().split(":");
    const name = styles.find((style) => style.key === key)?.name[i18n.language] ?? key;
    return share === undefined ? name : `${name} ${percent(Number(share), i18n.tag)}`;
  }).join(i18n.language === "zh" ? "，" : ", ");

// What a picture shows, in the words that asked for it.
export const promptOf = (picture: Pick<Picture, "kind" | "prompt">, styles: readonly PaintingStyle[], i18n: Words): string => {
  if (picture.kind !== "stylize") return picture.prompt;
  return picture.prompt.startsWith(kOfPicture) ? i18n.t("style.ofPicture", { name: picture.prompt.slice(kOfPicture.length) }) : styleNames(picture.prompt, styles, i18n);
};

// A1111's names of settings are everybody's in English; elsewhere they have the names of this page.
const kFields: Readonly<Record<string, string>> = {
  Steps: "steps", Sampler: "sampler", "Schedule type": "scheduler", "CFG scale": "cfg", "Image CFG scale": "image_cfg", Seed: "seed", Model: "model", VAE: "vae",
  "Denoising strength": "strength", Strength: "strength", "Clip skip": "clip_skip", "Variation seed": "subseed", "Variation seed strength": "subseed_strength",
  ENSD: "eta_noise_seed_delta", RNG: "rng", Emphasis: "emphasis", Eta: "eta", Style: "style", "Keep colour": "keep_colour", "Longest side": "max_size_px",
  "Mask blur": "mask_blur", "Mask blur x": "mask_blur_x", "Mask blur y": "mask_blur_y", "Masked content": "masked_content", "Inpaint area": "only_masked", "Masked area padding": "only_masked_padding", Intent: "intent", "Color correction": "color_correction",
  "Resize mode": "resize_mode", "Extra noise": "extra_noise", "Hires upscale": "hires_scale", "Hires steps": "hires_steps", "Hires upscaler": "hires_upscaler", Blend: "method",
  "Blend weights": "weights", "Postprocess upscale by": "scale", "Postprocess upscaler": "upscaler", Garment: "kind", CatVTON: "catvton", Fill: "fill", Overlap: "overlap", Feather: "feather",
};
export const parameterName = (name: string, i18n: Words): string => {
  if (i18n.language === "en") return name;
  const field = kFields[name];
  return (field && i18n.maybe(`field.${field}`)) ?? i18n.maybe(`parameter.${name.toLowerCase().replaceAll(/[ -]/g, "_")}`) ?? name;
};
export const parameterValue = (name: string, value: string, styles: readonly PaintingStyle[], i18n: Words): string => {
  if (name === "Style") return styleNames(value, styles, i18n);
  if (i18n.language === "en") return value;
  if (value === "True" || value === "False") return i18n.t(value === "True" ? "info.yes" : "info.no");
  const job = name === "Job" ? titleOf(value === "tryon" ? "try_on" : value) : null;
  return job ? i18n.t(job) : value;
};
