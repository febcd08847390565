/** No walker at all: our own reader gives the top frame of each thread. It is always there. */
import { defineWalker } from '../walker.ts';

export default defineWalker({
  name: 'reader',
  rank: 100,
  open: async () => ({
    tool: 'auxilio minidump reader',
    walk: async ({ data }) => ({
      walk: undefined,
      status: data.status,
      exitCode: null,
      timedOut: false,
      stderr: '',
      notes: [],
    }),
  }),
});
