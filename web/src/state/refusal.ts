// What a refusal means, in the person's language. English speakers read the program's own line, which
// names the thing; others its meaning by its code and the name of the setting, and unfold the line.
// A number out of its range is told by the range in both.
import type { FieldInfo } from "../api/types";
import { plainNumber } from "../base/format";
import type { I18n } from "../i18n/i18n.svelte";

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly field?: string | null;
}

export interface Told {
  readonly text: string;
  readonly detail: string | null; // the program's own line, where it says more
}

type Words = Pick<I18n, "language" | "tag" | "maybe" | "t">;

// Nothing is left to say after these.
const kWhole = new Set(["unreachable", "queue_full", "stopping", "cancelled", "token_required", "token_wrong", "too_many_attempts", "admin_only", "no_cutout", "too_many_connections"]);

// "control[0].weight" is the weight.
export const lastName = (path: string): string => path.split(".").at(-1)?.replace(/\[\d+\]$/, "") ?? "";

export const told = (refusal: Refusal, i18n: Words, field?: FieldInfo, of: "job" | "download" = "job"): Told => {
  const name = lastName(refusal.field ?? "");
  const what = name && (i18n.maybe(`field.${name}`) ?? i18n.maybe(`role.${name}`));
  if (what && refusal.code === "out_of_range" && field?.minimum !== undefined && field.maximum !== undefined)
    return { text: i18n.t("error.range", { what, from: plainNumber(field.minimum, i18n.tag), to: plainNumber(field.maximum, i18n.tag) }), detail: null };
  const words = i18n.maybe(of === "download" ? `download.error.${refusal.code}` : `error.${refusal.code}`);
  if (i18n.language === "en") return { text: (kWhole.has(refusal.code) && words) || refusal.message || words || refusal.code, detail: null };
  const detail = refusal.message && !kWhole.has(refusal.code) ? refusal.message : null;
  const meaning = words ?? i18n.t("error.invalid");
  return { text: what ? i18n.t("error.of", { what, why: meaning }) : meaning, detail };
};
