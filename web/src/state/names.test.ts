import { describe, expect, it } from "vitest";
import { I18n } from "../i18n/i18n.svelte";
import { parameterName, parameterValue, promptOf, styleNames } from "./names";

const words = (language: "en" | "zh"): I18n => {
  const i18n = new I18n();
  i18n.language = language;
  return i18n;
};
const styles = [
  { id: 0, key: "misty-blue", name: { en: "Misty blue", zh: "蓝雾" } },
  { id: 1, key: "autumn-blaze", name: { en: "Autumn blaze", zh: "秋日烈焰" } },
];

describe("what is recorded", () => {
  it("names styles as the picker does, and their shares", () => {
    expect(styleNames("autumn-blaze", styles, words("zh"))).toBe("秋日烈焰");
    expect(styleNames("misty-blue:0.25,autumn-blaze:0.75", styles, words("en"))).toBe("Misty blue 25%, Autumn blaze 75%");
    expect(styleNames("of-another-version", styles, words("en"))).toBe("of-another-version");
  });
  it("is left alone where people wrote it", () => {
    expect(promptOf({ kind: "img2img", prompt: "autumn-blaze" }, styles, words("zh"))).toBe("autumn-blaze");
    expect(promptOf({ kind: "stylize", prompt: "in the style of a.png" }, styles, words("zh"))).toBe("以 a.png 为画风");
  });
  it("keeps A1111's names in English and has the page's elsewhere", () => {
    expect(parameterName("CFG scale", words("en"))).toBe("CFG scale");
    expect(parameterName("Denoising strength", words("zh"))).toBe("重绘幅度");
    expect(parameterName("Pixels SHA-256", words("zh"))).toBe("像素校验值");
    expect(parameterName("Of another program", words("zh"))).toBe("Of another program");
    expect(parameterValue("Keep colour", "True", styles, words("zh"))).toBe("是");
    expect(parameterValue("Job", "stylize", styles, words("zh"))).toBe("重绘");
    expect(parameterValue("Style", "misty-blue", styles, words("zh"))).toBe("蓝雾");
  });
});
