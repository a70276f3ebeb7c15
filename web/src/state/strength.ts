// What a strength means: how many of the steps run, in which word, and which values differ at all.
// AUTOMATIC1111's rule: int(min(strength, 0.999) × steps) + 1 steps run; with `fix_steps` all do.

export type StrengthWord = "none" | "keep" | "restyle" | "reimagine";

export const strengthWord = (strength: number): StrengthWord =>
  strength <= 0 ? "none" : strength < 0.4 ? "keep" : strength < 0.66 ? "restyle" : "reimagine";

export const stepsThatRun = (strength: number, steps: number, fixSteps: boolean): number => {
  if (strength <= 0) return 0;
  if (fixSteps) return steps;
  return Math.min(steps, Math.floor(Math.min(strength, 0.999) * steps + 1e-9) + 1);
};

// The distance between strengths that give different step counts.
export const strengthNotch = (steps: number | null, fixSteps: boolean): number =>
  steps && !fixSteps && steps > 0 ? Math.max(0.01, Math.round((1 / steps) * 10000) / 10000) : 0.01;

export const snapped = (strength: number, notch: number): number =>
  Math.round(Math.min(1, Math.max(0, Math.round(strength / notch) * notch)) * 10000) / 10000;
