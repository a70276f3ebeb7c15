import { remembered } from "../base/storage";

export type ThemeName = "system" | "light" | "dark";

export class Theme {
  #name = $state<ThemeName>("system");

  constructor() {
    const saved = remembered.get("theme");
    this.#name = saved === "light" || saved === "dark" ? saved : "system";
  }

  get name(): ThemeName {
    return this.#name;
  }
  set name(name: ThemeName) {
    this.#name = name;
    remembered.set("theme", name);
    if (name === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = name;
  }
}
