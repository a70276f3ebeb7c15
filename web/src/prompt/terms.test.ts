import { describe, expect, it } from "vitest";
import table from "./terms.json";
import { translate } from "./terms";

describe("Terms", () => {
  it("translate by the longest word", () => {
    expect(translate("水墨画，红围巾").text).toBe("Chinese ink painting, red scarf");
  });
  it("say what they do not know, and keep it", () => {
    const { text, unknown } = translate("油画，鎏金");
    expect(unknown).toEqual(["鎏金"]);
    expect(text).toContain("鎏金");
  });
  it("leave English and weights as they are", () => {
    expect(translate("(油画:1.2), masterpiece, <lora:x:0.8>").text).toBe("(oil painting:1.2), masterpiece, <lora:x:0.8>");
  });
  it("put words apart", () => {
    expect(translate("微笑的女孩").text).toBe("smile girl");
  });
  it("are Chinese to plain English", () => {
    for (const [chinese, english] of Object.entries(table)) {
      expect(chinese).toMatch(/\p{Script=Han}/u);
      expect(english).toMatch(/^[\x20-\x7e]+$/);
    }
  });
});
