// Numbers as people read them; languages come in as BCP 47 tags.

export const bytes = (count: number, language: string): string => {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
};

// "8 s", "1 min 20 s", "2 h 5 min": two units at most.
export const duration = (seconds: number, language: string): string => {
  const part = (value: number, unit: "second" | "minute" | "hour", digits = 0): string =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  if (seconds < 10) return part(Math.max(seconds, 0.1), "second", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return part(whole, "second");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? part(minutes, "minute") : `${part(minutes, "minute")} ${part(whole % 60, "second")}`;
  return `${part(Math.floor(minutes / 60), "hour")} ${part(minutes % 60, "minute")}`;
};

export const percent = (share: number, language: string): string =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);

export const plainNumber = (value: number, language: string, digits = 2): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

export const dateTime = (seconds: number, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(seconds * 1000));

export const day = (seconds: number, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(new Date(seconds * 1000));

export const dayKey = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
};
