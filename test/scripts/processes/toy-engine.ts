/** What stands for an engine: answers each request with how often it was started over its data. */
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, data, behaviour] = process.argv.slice(2);
if (data === undefined) throw new Error('toy-engine PORT DATA [dies|mute]');
if (behaviour === 'dies') {
  process.stderr.write('the disk is made of cheese\n');
  process.exit(1);
}
appendFileSync(data, 's');
createServer((_request, response) => {
  if (behaviour !== 'mute') response.end(String(readFileSync(data, 'utf8').length));
}).listen(Number(port), '127.0.0.1');
