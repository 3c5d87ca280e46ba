import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Apps that only development needs. */
const FOR_DEVELOPMENT = ['generator', 'sandbox'];

/** The apps that have an image, by their folder. */
export function imageApps(root) {
  return readdirSync(join(root, 'apps')).filter((app) => !FOR_DEVELOPMENT.includes(app));
}
