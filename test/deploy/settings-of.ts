import type { SettingsSchema } from '@iris/config';
import { gatewaySettings } from '../../apps/gateway/src/gateway.settings.js';
import { kitSettings } from '../../libs/enricher-kit/src/app/kit.settings.js';

/** Every setting of an app that the chart runs. @throws Error for an app that exports none */
export async function settingsOf(app: string): Promise<SettingsSchema> {
  if (app === 'gateway') return gatewaySettings;
  const vendor = app.replace(/^enricher-/, '');
  const name = vendor.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const module = (await import(`../../apps/${app}/src/${vendor}.settings.js`)) as Record<string, SettingsSchema>;
  const own = module[`${name}Settings`];
  if (own === undefined) throw new Error(`${app} exports no ${name}Settings`);
  return app === vendor ? own : { ...kitSettings, ...own };
}
