// Ctrl+Up and Ctrl+Down on a piece of the prompt: (piece:1.1). AUTOMATIC1111's syntax and steps.

export interface Edit {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const kStep = 0.1;
const kSmallest = 0.1;
const kLargest = 2;
const stops = ",()[]<>\n";

// The phrase between commas and brackets that holds the cursor.
const phraseAround = (text: string, at: number): [number, number] => {
  let start = at;
  let end = at;
  while (start > 0 && !stops.includes(text.charAt(start - 1))) start -= 1;
  while (end < text.length && !stops.includes(text.charAt(end))) end += 1;
  while (start < end && text.charAt(start) === " ") start += 1;
  while (end > start && text.charAt(end - 1) === " ") end -= 1;
  return [start, end];
};

export const changeWeight = (text: string, from: number, to: number, up: boolean): Edit => {
  let [start, end] = from === to ? phraseAround(text, from) : [from, to];
  if (start === end) return { text, start: from, end: to };
  // "phrase:1.2" as found between brackets: the number is not part of the phrase.
  const tail = /:\s*\d*\.?\d+$/.exec(text.slice(start, end));
  if (tail && text.charAt(start - 1) === "(" && text.charAt(end) === ")") end -= tail[0].length;
  const phrase = text.slice(start, end);
  const after = /^:\s*(\d*\.?\d+)\s*\)/.exec(text.slice(end));
  const wrapped = text.charAt(start - 1) === "(" && (after !== null || text.charAt(end) === ")");
  const weight = wrapped ? (after ? Number(after[1]) : 1.1) : 1;
  const next = Math.round(Math.min(kLargest, Math.max(kSmallest, weight + (up ? kStep : -kStep))) * 100) / 100;
  const before = text.slice(0, wrapped ? start - 1 : start);
  const rest = text.slice(wrapped ? end + (after ? after[0].length : 1) : end);
  if (next === 1) return { text: before + phrase + rest, start: before.length, end: before.length + phrase.length };
  return { text: `${before}(${phrase}:${next})${rest}`, start: before.length + 1, end: before.length + 1 + phrase.length };
};
