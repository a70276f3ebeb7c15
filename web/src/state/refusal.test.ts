import { describe, expect, it } from "vitest";
import type { FieldInfo } from "../api/types";
import { en } from "../i18n/en";
import { I18n } from "../i18n/i18n.svelte";
import { told } from "./refusal";

const words = (language: "en" | "zh"): I18n => {
  const i18n = new I18n();
  i18n.language = language;
  return i18n;
};
const steps: FieldInfo = { name: "steps", type: "integer", default: 20, minimum: 1, maximum: 150, what: "" };
const tooMany = { code: "out_of_range", message: "steps is 900, expected 1 to 150", field: "steps" };

describe("a refusal", () => {
  it("is the program's own line in English", () => expect(told({ ...tooMany, code: "invalid" }, words("en"), steps)).toEqual({ text: tooMany.message, detail: null }));
  it("names the setting, and its range where that was left", () => {
    expect(told(tooMany, words("en"), steps)).toEqual({ text: "“Steps” has to be between 1 and 150.", detail: null });
    expect(told({ ...tooMany, field: "request.steps" }, words("zh"), steps)).toEqual({ text: "“步数”应在 1 到 150 之间。", detail: null });
    expect(told({ ...tooMany, field: "control[0].weight" }, words("zh")).text).toBe("权重：数值超出范围。");
  });
  it("says what it can of codes and settings nobody has words for", () => {
    const odd = { code: "odd", message: "an odd thing", field: "request" };
    expect(told(odd, words("zh"))).toEqual({ text: "设置有误。", detail: "an odd thing" });
    expect(told({ code: "odd", message: "" }, words("en")).text).toBe("odd");
  });
  it("that says all in its code has nothing to unfold", () => {
    expect(told({ code: "queue_full", message: "2000 jobs wait" }, words("zh")).detail).toBeNull();
    expect(told({ code: "unreachable", message: "the server does not answer" }, words("en")).text).toBe(en["error.unreachable"]);
  });
  it("of a download has words of its own", () =>
    expect(told({ code: "refused", message: "403" }, words("zh"), undefined, "download")).toEqual({ text: "来源要求先登录或同意条款。", detail: "403" }));
});
