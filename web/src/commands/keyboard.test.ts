import { describe, expect, it } from "vitest";
import type { Command } from "./commands";
import { find, nameOf } from "./keyboard";

const press = (key: string, more = {}): Parameters<typeof nameOf>[0] => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

describe("Keys", () => {
  it("have one name on every computer", () => {
    expect(nameOf(press("z", { metaKey: true }))).toBe("ctrl+z");
    expect(nameOf(press("Z", { ctrlKey: true, shiftKey: true }))).toBe("ctrl+shift+z");
    expect(nameOf(press("?", { shiftKey: true }))).toBe("?");
  });
  it("call the command that may act now", () => {
    const command = (label: "tool.brush" | "tool.lasso", when: boolean): Command => ({ label, keys: ["b"], when: () => when, run: () => {} });
    expect(find([command("tool.lasso", false), command("tool.brush", true)], press("b"))?.label).toBe("tool.brush");
    expect(find([command("tool.lasso", false)], press("b"))).toBeUndefined();
  });
});
