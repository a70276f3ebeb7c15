// Every text by key. English is the source of keys; Chinese must have the same ones (a compile
// error otherwise), and a message's {placeholders} are required arguments of t().
import { remembered } from "../base/storage";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Language = "en" | "zh";

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never;
type Values<K extends Key> = Record<Placeholders<(typeof en)[K]>, string | number>;
type Arguments<K extends Key> = [Placeholders<(typeof en)[K]>] extends [never] ? [] : [Values<K>];

// Keys of texts that need nothing put in.
export type PlainKey = { [K in Key]: [Placeholders<(typeof en)[K]>] extends [never] ? K : never }[Key];

export type Translate = <K extends Key>(key: K, ...values: Arguments<K>) => string;

const tables: Record<Language, Record<Key, string>> = { en, zh };
const tags: Record<Language, string> = { en: "en", zh: "zh-CN" };

const isKey = (key: string): key is Key => key in en;

export class I18n {
  #language = $state<Language>("en");

  constructor() {
    const wanted = remembered.get("language") ?? (typeof navigator === "undefined" ? "en" : navigator.language);
    this.#language = wanted.startsWith("zh") ? "zh" : "en";
    this.#showOnPage();
  }

  get language(): Language {
    return this.#language;
  }
  set language(language: Language) {
    this.#language = language;
    remembered.set("language", language);
    this.#showOnPage();
  }
  // As Intl and `lang` want it.
  get tag(): string {
    return tags[this.#language];
  }

  readonly t: Translate = (key, ...values) => {
    const [named] = values as [Record<string, string | number>?];
    // "1 picture": a text for one may stand beside the text for many.
    const one = `${key}.one`;
    const text = tables[this.#language][named?.["n"] === 1 && isKey(one) ? one : key];
    return named ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(named[name] ?? whole)) : text;
  };

  // For keys that are made of what the server says; null when there is no such text.
  readonly maybe = (key: string): string | null => (isKey(key) ? tables[this.#language][key] : null);

  readonly has = isKey;

  #showOnPage(): void {
    if (typeof document !== "undefined") document.documentElement.lang = this.tag;
  }
}
