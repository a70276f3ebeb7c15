// A list of pictures as rows of a virtual list: day headings, then lines of cells. Pure.
import { dayKey } from "../base/format";

export type Row<T> =
  | { readonly type: "day"; readonly top: number; readonly height: number; readonly time: number }
  | { readonly type: "line"; readonly top: number; readonly height: number; readonly items: readonly T[]; readonly first: number };

export interface Layout<T> {
  readonly rows: readonly Row<T>[];
  readonly height: number;
  readonly columns: number;
  readonly cell: number;
}

export const kHeadingPx = 44;
export const kGapPx = 8;

export const layOut = <T extends { created: number }>(items: readonly T[], width: number, wanted: number): Layout<T> => {
  const columns = Math.max(2, Math.floor((width + kGapPx) / (wanted + kGapPx)));
  const cell = Math.max(40, (width - (columns - 1) * kGapPx) / columns);
  const rows: Row<T>[] = [];
  let top = 0;
  let day = "";
  for (let i = 0; i < items.length; ) {
    const item = items[i];
    if (!item) break;
    const key = dayKey(item.created);
    if (key !== day) {
      day = key;
      rows.push({ type: "day", top, height: kHeadingPx, time: item.created });
      top += kHeadingPx;
    }
    const line: T[] = [];
    const first = i;
    while (line.length < columns && i < items.length) {
      const next = items[i];
      if (!next || dayKey(next.created) !== day) break;
      line.push(next);
      i += 1;
    }
    rows.push({ type: "line", top, height: cell + kGapPx, items: line, first });
    top += cell + kGapPx;
  }
  return { rows, height: top, columns, cell };
};

// Rows that touch the window, with some to spare; by bisection.
export const visibleRows = <T>(layout: Layout<T>, scroll: number, height: number, spare: number): readonly Row<T>[] => {
  const { rows } = layout;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    const row = rows[mid];
    if (row && row.top + row.height < scroll - spare) low = mid + 1;
    else high = mid;
  }
  let end = low;
  while (end < rows.length && (rows[end]?.top ?? 0) <= scroll + height + spare) end += 1;
  return rows.slice(low, end);
};
