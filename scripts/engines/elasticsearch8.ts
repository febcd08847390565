import { Unavailable } from './definition.ts';
import { elasticsearch } from './elasticsearch.ts';
import { aptInstall } from './installing.ts';
import { findJava } from './java.ts';

const suits = (version: number): boolean => version >= 17;

export default elasticsearch({
  name: 'elasticsearch',
  version: '8.19.21',
  async java() {
    const found = await findJava(suits);
    if (found !== undefined) return found;
    await aptInstall('openjdk-17-jre-headless');
    const installed = await findJava(suits);
    if (installed === undefined) throw new Unavailable('no Java 17 or later here');
    return installed;
  },
});
