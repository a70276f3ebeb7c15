// The jobs as people name them, and the server's kinds that do them.
import type { KindInfo } from "../api/types";
import type { PlainKey } from "../i18n/i18n.svelte";

export const workNames = ["restyle", "retouch", "extend", "enlarge", "dress", "blend", "describe", "create"] as const;
export type WorkName = (typeof workNames)[number];

export interface Work {
  readonly name: WorkName;
  readonly kinds: readonly string[]; // the first that the server knows
  readonly also: readonly string[]; // kinds whose results belong here as well
  readonly needsMask: boolean;
  readonly startsFromPicture: boolean;
}

const work = (name: WorkName, kinds: string[], more: Partial<Work> = {}): Work => ({
  name, kinds, also: [], needsMask: false, startsFromPicture: true, ...more,
});

export const works: Record<WorkName, Work> = {
  restyle: work("restyle", ["stylize", "img2img"], { also: ["loopback"] }),
  retouch: work("retouch", ["inpaint"], { needsMask: true }),
  extend: work("extend", ["outpaint"]),
  enlarge: work("enlarge", ["upscale"]),
  dress: work("dress", ["try_on", "drape"]),
  blend: work("blend", ["blend"]),
  describe: work("describe", ["describe"]),
  create: work("create", ["txt2img"], { startsFromPicture: false }),
};

// The picture that a kind takes from the canvas as a mask: where to repaint, or what the garment is.
const maskRoles = ["mask", "garment_mask"] as const;
export const maskRoleOf = (kind: KindInfo | null): string | null => maskRoles.find((name) => kind?.inputs.some((role) => role.name === name)) ?? null;

// Which work a kind belongs to.
export const workOfKind = (kind: string): WorkName | null => workNames.find((name) => works[name].kinds.includes(kind) || works[name].also.includes(kind)) ?? null;

// What people call a kind; null for one this page has no name for.
export const titleOf = (kind: string): PlainKey | null => {
  const found = workOfKind(kind);
  return found ? `work.${found}` : kind === "grid" ? "page.grid" : null;
};

// The kind that does a work; `preferred` when it is one of them and the server has it.
export const kindOf = (name: WorkName, known: readonly KindInfo[], preferred?: string): KindInfo | null => {
  const kinds = works[name].kinds;
  if (preferred && kinds.includes(preferred)) {
    const found = known.find((kind) => kind.kind === preferred);
    if (found) return found;
  }
  for (const kind of kinds) {
    const found = known.find((candidate) => candidate.kind === kind);
    if (found) return found;
  }
  return null;
};
