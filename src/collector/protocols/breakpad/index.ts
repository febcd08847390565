/** `POST /submit`: what Breakpad, Crashpad, Electron and Firefox send. */
import type { Protocol } from '../../protocol.ts';
import { registerUploadRoute } from '../../protocol.ts';
import { parseEndpoint } from './answer.ts';
import { Submission } from './submission.ts';

const breakpad: Protocol = {
  name: 'breakpad',
  register(app, context) {
    for (const { path, format } of context.settings.paths.map(parseEndpoint)) {
      registerUploadRoute(app, path, (request, reply) =>
        context.track(new Submission(request, reply, format, context).run()),
      );
    }
  },
};

export default breakpad;
