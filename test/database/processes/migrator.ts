/** Migrates a database; prints what it ran. `migrator URL` */
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { countingMigrations } from '../counting-migrations.ts';

const database = await openDatabase(process.argv[2] ?? '', { log: silentLog });
const ran = await migrate(database, countingMigrations);
process.stdout.write(`${ran.join(' ')}\n`);
await database.close();
