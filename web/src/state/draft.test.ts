import { beforeEach, describe, expect, it } from "vitest";
import type { InputInfo, KindInfo } from "../api/types";
import { Draft } from "./draft.svelte";

const input = (sha256: string): InputInfo => ({ sha256, name: "", format: "png", width: 1, height: 1, bytes: 1, created: 1, infotext: null });
const role = (name: string, field?: string) => ({ name, required: false, what: "", ...(field ? { field } : {}) });
const kinds: KindInfo[] = [
  { kind: "img2img", available: true, reason: null, inputs: [role("source"), role("control_1", "control"), role("control_2", "control")], fields: [{ name: "control", type: "array", default: [], what: "" }] },
  { kind: "blend", available: true, reason: null, inputs: [role("source"), role("second"), role("third"), role("control_1", "control")], fields: [{ name: "weights", type: "array", default: [], what: "" }] },
];

describe("A draft", () => {
  let draft: Draft;
  beforeEach(() => {
    draft = new Draft({ kinds, kind: (name: string) => kinds.find((kind) => kind.kind === name) } as never);
    draft.source = input("s");
  });
  it("sends the pictures of the ControlNets it asks for, and no others", () => {
    draft.work = "restyle";
    draft.engine = "img2img";
    draft.setInput("control_1", input("a"));
    draft.setInput("control_2", input("b"));
    expect(draft.request()?.inputs).toEqual({ source: "s" });
    draft.set("control", [{ network: "canny" }]);
    expect(draft.request()?.inputs).toEqual({ source: "s", control_1: "a" });
  });
  it("leaves the painter's styles out where a picture is the style", () => {
    kinds.push({ kind: "stylize", available: true, reason: null, inputs: [role("source"), role("style")], fields: [{ name: "styles", type: "array", default: [], what: "" }] });
    draft.work = "restyle";
    draft.engine = "stylize";
    draft.set("styles", [{ style: "ember", weight: 1 }]);
    expect(draft.request()?.request["styles"]).toHaveLength(1);
    draft.setInput("style", input("a"));
    expect(draft.request()?.request).toEqual({});
    kinds.pop();
  });
  it("weighs every picture of a blend, also one that came later", () => {
    draft.work = "blend";
    draft.setInput("second", input("a"));
    draft.set("weights", [2, 1]);
    draft.setInput("third", input("b"));
    expect(draft.request()?.request["weights"]).toEqual([2, 1, 1]);
  });
});
