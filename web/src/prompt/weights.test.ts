import { describe, expect, it } from "vitest";
import { changeWeight } from "./weights";

const up = (text: string, at: number, to = at): string => changeWeight(text, at, to, true).text;
const down = (text: string, at: number, to = at): string => changeWeight(text, at, to, false).text;

describe("Weights", () => {
  it("wrap the phrase under the cursor", () => {
    expect(up("a cat, red hat, sun", 9)).toBe("a cat, (red hat:1.1), sun");
  });
  it("wrap the selection only", () => {
    expect(up("a red hat", 2, 5)).toBe("a (red:1.1) hat");
  });
  it("go on from the number that is there", () => {
    expect(up("(red hat:1.1), sun", 3)).toBe("(red hat:1.2), sun");
    expect(down("(red hat:1.3), sun", 3)).toBe("(red hat:1.2), sun");
  });
  it("unwrap at one", () => {
    expect(down("a (red hat:1.1), sun", 5)).toBe("a red hat, sun");
  });
  it("read plain brackets as 1.1", () => {
    expect(up("(red hat)", 3)).toBe("(red hat:1.2)");
  });
  it("keep the phrase selected, so that the key can be pressed again", () => {
    let edit = changeWeight("a cat, red hat", 9, 9, true);
    edit = changeWeight(edit.text, edit.start, edit.end, true);
    expect(edit.text).toBe("a cat, (red hat:1.2)");
    expect(edit.text.slice(edit.start, edit.end)).toBe("red hat");
  });
  it("stop at 0.1 and 2", () => {
    expect(up("(x:2)", 1)).toBe("(x:2)");
    expect(down("(x:0.1)", 1)).toBe("(x:0.1)");
  });
  it("leave an empty place alone", () => {
    expect(up("a, , b", 3)).toBe("a, , b");
  });
});
