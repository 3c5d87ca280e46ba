import { read as readHook, rewrite as rewriteBody } from '../../dist/apps/gateway/src/pipeline/read-worker.js';

/** The compiled worker, which ends its thread for one kind of body as a crash does. */
export function read(task) {
  if (Buffer.from(task.incoming.body).includes('ENDS THE THREAD')) process.exit(1);
  return readHook(task);
}

export const rewrite = rewriteBody;
