import type { Redirection } from 'unbash';
import type { Reading } from '../reading.js';
import { UNKNOWN_PART } from '../target.js';
import { expandValue } from './expand-word.js';

/** Files that writing to changes nothing. */
const HARMLESS = /^(?:\/dev\/(?:null|stdout|stderr|tty|fd\/\d+)|\d+|-|)$/;

/** Writing to a file, or opening a connection with `/dev/tcp/host/port`. */
export function readRedirection(redirect: Redirection, reading: Reading): void {
  if (redirect.type !== 'Redirect' || redirect.target === undefined) return;
  const path = expandValue(redirect.target, reading.state);
  const network = /^\/dev\/(tcp|udp)\/([^/]*)/.exec(path);
  if (network) {
    reading.effects.add({
      program: `/dev/${network[1]}`,
      system: 'network',
      category: 'web',
      operation: 'execute',
      targets: [{ text: network[2] ?? '', kind: 'host', doubtful: false }],
      via: reading.via,
      ...(reading.span && { span: reading.span }),
    });
    return;
  }
  if (path.startsWith(UNKNOWN_PART)) reading.effects.obscure('dynamic');
  if (redirect.operator === '<' || redirect.operator === '<&' || HARMLESS.test(path)) return;
  reading.effects.add({
    program: 'redirection',
    system: 'workstation',
    category: 'shell',
    operation: 'write',
    targets: [{ text: path, kind: 'name', doubtful: false }],
    via: reading.via,
    ...(reading.span && { span: reading.span }),
  });
}
