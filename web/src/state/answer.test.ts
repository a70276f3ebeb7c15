import { describe, expect, it } from "vitest";
import { readAnswer } from "./answer";

describe("An answer in words", () => {
  it("is a prompt, colours and terms in two languages", () => {
    const answer = readAnswer({
      prompt: "bright, warm tones", prompt_zh: "明亮，暖色调", source: "measured", by: "",
      palette: [{ rgb: [200, 10, 0], share: 0.5, name: "red", name_zh: "红" }, { rgb: "broken", share: 0.5 }],
      terms: [{ term: "cat", term_zh: "猫", share: 0.3 }, { share: 1 }],
    });
    expect(answer.prompt).toBe("bright, warm tones");
    expect(answer.palette).toEqual([{ css: "rgb(200 10 0)", share: 0.5, name: "red", nameZh: "红" }]);
    expect(answer.terms).toEqual([{ en: "cat", zh: "猫" }]);
  });
  it("may be words alone, or nothing", () => {
    expect(readAnswer("a cat").prompt).toBe("a cat");
    expect(readAnswer({ caption: "a dog" }).prompt).toBe("a dog");
    expect(readAnswer(null).palette).toEqual([]);
    expect(readAnswer(undefined).terms).toEqual([]);
  });
});
