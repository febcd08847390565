/** Commits rows `<who>:<n>` one after another, several at once, and says each that is safe. `writer FILE WHO COUNT` */
import { SqliteFile } from '../../../src/database/sqlite-file.ts';

const [path = '', who = '', count = '0'] = process.argv.slice(2);
const file = await SqliteFile.open(path);
await file.write({ sql: 'create table if not exists row (name text primary key, half integer)' });
await file.write({ sql: 'create table if not exists other_half (name text primary key)' });

async function save(n: number): Promise<void> {
  const name = `${who}:${n}`;
  await file.commit([
    { sql: 'insert into row (name, half) values (?, 1)', parameters: [name] },
    { sql: 'insert into other_half (name) values (?)', parameters: [name] },
  ]);
  process.stdout.write(`${name}\n`);
}

const total = Number(count);
for (let n = 0; n < total; n += 4) await Promise.all([n, n + 1, n + 2, n + 3].map(save));
await file.close();
