import { describe, expect, it } from "vitest";
import type { ModelInfo } from "../api/types";
import { I18n } from "../i18n/i18n.svelte";
import { baseModel, grouped, isMaskFree, misfit, misfitTold, takesCatVton, triggerWords } from "./models";

const model = (name: string, type: string, family: string | null, more: Partial<ModelInfo> = {}): ModelInfo => ({
  id: `id-${name}`, name, file: name, type, bytes: 1, sha256: null, family, variant: null, native_size_px: null, problem: null, notes: [], ...more,
});

describe("CatVTON's weights", () => {
  it("tell by their path whether they want a mask, and by its build which checkpoint takes them", () => {
    const named = (path: string): ModelInfo => ({ ...model("model", "other", null), relative: path });
    expect(isMaskFree(named("CatVTON/mix-48k-1024/attention/model.safetensors"))).toBe(false);
    expect(isMaskFree(named("CatVTON-MaskFree/mix-48k-1024/attention/model.safetensors"))).toBe(true);
    expect(takesCatVton(model("a", "checkpoint", "SD1"))).toBe(false);
    expect(takesCatVton({ ...model("a", "checkpoint", "SD1"), variant: "inpaint" })).toBe(true);
    expect(takesCatVton({ ...model("a", "checkpoint", "SDXL"), variant: "inpaint" })).toBe(false);
  });
});

describe("Models", () => {
  const broken = model("broken", "checkpoint", null, { problem: "cut short" });
  const sd1 = model("dream", "checkpoint", "SD1");
  it("jobs use the named one, else the first that works", () => {
    expect(baseModel([broken, sd1], "")?.name).toBe("dream");
    expect(baseModel([broken, sd1], "broken")?.name).toBe("broken");
    expect(baseModel([], "")).toBeNull();
  });
  it("a piece for another base does not fit, and says which base it needs", () => {
    expect(misfit(model("xl", "lora", "SDXL"), sd1)).toMatchObject({ problem: null, needs: "SDXL", has: "SD1", name: "dream" });
    expect(misfit(model("ok", "lora", "SD1"), sd1)).toBeNull();
  });
  it("an upscaler goes with everything", () => expect(misfit(model("up", "upscaler", "ESRGAN"), sd1)).toBeNull());
  it("a broken file fits nowhere", () => expect(misfit(broken, sd1)?.problem).toBe("cut short"));
  it("why one does not fit is told in the person's language, the program's line unfolds", () => {
    const i18n = new I18n();
    const why = (model: ModelInfo): ReturnType<typeof misfitTold> => {
      const found = misfit(model, sd1);
      if (!found) throw new Error("it fits");
      return misfitTold(found, i18n);
    };
    expect(why(broken)).toEqual({ text: "cut short", detail: null });
    i18n.language = "zh";
    expect(why(broken)).toEqual({ text: "此文件无法使用。", detail: "cut short" });
    expect(why({ ...broken, problem_zh: "文件不完整" })).toEqual({ text: "文件不完整", detail: null });
    expect(why(model("own", "lora", "custom")).text).toBe("适用于 Pentimento 自有，而 dream 是 SD1");
  });
  it("the page's headings go by what a file is, then by what it is used as", () => {
    const all = [model("x", "other", null), model("ip", "other", "SD1", { kind: "ip_adapter" }), sd1, model("eyes", "other", null, { kind: "image_encoder" })];
    expect(grouped(all).map(({ group, models }) => [group, models.map(({ name }) => name).join()])).toEqual([
      ["checkpoint", "dream"], ["ip_adapter", "ip"], ["image_encoder", "eyes"], ["other", "x"],
    ]);
    // An adapter for another base is greyed as well.
    expect(misfit(model("ip", "other", "SDXL", { kind: "ip_adapter" }), sd1)).not.toBeNull();
  });
  it("trigger words are words", () => {
    expect(triggerWords(model("l", "lora", "SD1", { trigger_words: ["ink style", ""] }))).toEqual(["ink style"]);
  });
});
