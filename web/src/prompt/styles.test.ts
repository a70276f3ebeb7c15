import { describe, expect, it } from "vitest";
import { searchForStyle } from "./styles";

describe("A style's pictures", () => {
  it("are those with its words as one phrase", () => expect(searchForStyle("oil painting, thick strokes")).toBe('"oil painting, thick strokes"'));
  it("are found by the longer end around the person's words", () => expect(searchForStyle("a photo of {prompt}, cinematic light, film grain")).toBe('"cinematic light, film grain"'));
  it("are not looked for without words", () => expect(searchForStyle(" {prompt} ")).toBe(""));
});
