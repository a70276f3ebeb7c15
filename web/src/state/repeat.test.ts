import { describe, expect, it } from "vitest";
import { differing } from "./repeat";

const made = (parameters: Record<string, string>): { parameters: Record<string, string> } => ({ parameters });

describe("a picture made again", () => {
  it("is the same when its pixels are, whatever else is written down", () =>
    expect(differing(made({ "Pixels SHA-256": "aa", Version: "1" }), made({ "Pixels SHA-256": "aa", Version: "2" }))).toBeNull());
  it("names what was different", () =>
    expect(differing(made({ "Pixels SHA-256": "aa", Version: "1", Seed: "7" }), made({ "Pixels SHA-256": "bb", Version: "2", Seed: "7", Eta: "1" }))).toEqual(["Version", "Eta"]));
  it("is not called the same when nobody wrote its pixels down", () => expect(differing(made({ Seed: "7" }), made({ Seed: "7" }))).toEqual([]));
});
