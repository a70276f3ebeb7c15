// Draws faces with DiceBear, hair and clothes in colours that captions can name:
//   node avatars.mjs NODE_MODULES OUT COUNT      writes OUT/NNNN.svg and OUT/avatars.jsonl
// Styles: the CC0 ones (Lorelei, Notionists, Open Peeps) and the CC BY 4.0 ones by Draftbit (Personas),
// Lisa Wischofsky (Adventurer) and Micah Lanier (Micah).
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const [modules, out, count] = process.argv.slice(2);
const dicebear = (name) => import(`${resolve(modules)}/@dicebear/${name}/lib/index.js`);
const { createAvatar } = await dicebear('core');
const styles = {};
for (const name of ['lorelei', 'notionists', 'open-peeps', 'personas', 'adventurer', 'micah'])
  styles[name] = await dicebear(name);

const HAIR = { black: '1c1a1a', brown: '6a4e35', yellow: 'e5c25f', red: 'b5442a', grey: 'afafaf' };
const CLOTHES = {
  red: 'e24553', blue: '456dff', green: '6db55b', yellow: 'f3c73a', pink: 'f78fb3',
  purple: '7555ca', orange: 'f08a3c', white: 'f4f4f4', black: '2a2a2e',
};
const BACK = {
  white: 'ffffff', blue: '78aaeb', yellow: 'fae178', pink: 'fabecd', green: 'a0d7a0', grey: 'c8c8c8',
};
let state = 7;
const draw = (list) => list[(state = (state * 48271) % 2147483647) % list.length];

mkdirSync(out, { recursive: true });
const rows = [];
for (let i = 0; i < Number(count); ++i) {
  const style = draw(Object.keys(styles));
  const known = styles[style].schema.properties;
  const option = { seed: `face ${i}`, backgroundColor: [] };
  const row = { file: `${String(i).padStart(4, '0')}.svg`, style, hair: null, clothes: null };
  const colour = (part, table, key) => {
    if (!known[key]) return;
    row[part] = draw(Object.keys(table));
    option[key] = [table[row[part]]];
  };
  colour('hair', HAIR, 'hairColor');
  colour('clothes', CLOTHES, known.clothingColor ? 'clothingColor' : 'shirtColor');
  row.background = draw(['white', 'white', ...Object.keys(BACK)]);
  row.fill = BACK[row.background];
  option.flip = draw([true, false]);
  writeFileSync(`${out}/${row.file}`, createAvatar(styles[style], option).toString());
  rows.push(JSON.stringify(row));
}
writeFileSync(`${out}/avatars.jsonl`, rows.join('\n') + '\n');
