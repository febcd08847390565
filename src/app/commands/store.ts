import { defineCommand } from '../command.ts';
import copy from './store/copy.ts';
import drain from './store/drain.ts';
import get from './store/get.ts';
import init from './store/init.ts';
import list from './store/list.ts';
import rm from './store/rm.ts';
import sweep from './store/sweep.ts';
import verify from './store/verify.ts';
import wipe from './store/wipe.ts';

export default defineCommand({
  name: 'store',
  summary: 'Look into stores, prepare and empty them, and move crashes between them',
  examples: [
    'auxilio store list 2026-11-21',
    'auxilio store get ID raw',
    'auxilio store rm --yes ID',
    'auxilio store init --all',
    'auxilio store copy bucket archive --since 2026-11-01',
    'auxilio store drain spare bucket',
  ],
  subcommands: [get, list, rm, init, sweep, wipe, copy, verify, drain],
});
