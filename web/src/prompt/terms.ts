// Chinese words of picture-making and their English, for models that read English only. Offline, by
// longest match; what it does not know stays as it is, and the result is shown before it is used.
import { hasHan } from "./han";
import table from "./terms.json";

const terms: ReadonlyMap<string, string> = new Map(Object.entries(table));
const longest = Math.max(...[...terms.keys()].map((term) => term.length));

export interface Translation {
  readonly text: string;
  readonly unknown: readonly string[];
}

const punctuation: Record<string, string> = { "，": ", ", "、": ", ", "。": ". ", "；": ", ", "：": ":", "（": "(", "）": ")", "！": "!", "？": "?" };
const skipped = new Set(["的", "在", "了", "着", "和", "与", "是", "有", "一", "里", "中", "上"]);

export const translate = (text: string): Translation => {
  const unknown: string[] = [];
  let out = "";
  let strange = "";
  const flush = (): void => {
    if (!strange) return;
    unknown.push(strange);
    out += strange;
    strange = "";
  };
  const word = (english: string): void => {
    flush();
    if (out && !/[\s(,[]$/.test(out)) out += " ";
    out += english;
  };
  for (let i = 0; i < text.length; ) {
    let found: string | undefined;
    let length = Math.min(longest, text.length - i);
    for (; length > 0; length -= 1) {
      found = terms.get(text.slice(i, i + length));
      if (found !== undefined) break;
    }
    if (found !== undefined) {
      word(found);
      i += length;
      continue;
    }
    const char = text.charAt(i);
    i += 1;
    const mark = punctuation[char];
    if (mark !== undefined) {
      flush();
      out = out.trimEnd() + mark;
    } else if (skipped.has(char) && !strange) continue;
    else if (hasHan(char)) strange += char;
    else {
      flush();
      if (/\w/.test(char) && /\p{Script=Han}/u.test(text.charAt(i - 2)) && out && !/[\s(,[]$/.test(out)) out += " ";
      out += char;
    }
  }
  flush();
  return { text: out.replace(/[ \t]+/g, " ").replace(/ ,/g, ",").trim(), unknown };
};

export const termCount = terms.size;
