import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SettingsSchema } from '@iris/config';
import { type EnricherDefinition, kitSettings } from '@iris/enricher-kit';
import { auditorSettings } from '../../auditor/src/auditor.settings.js';
import { consoleSettings } from '../../console/src/console.settings.js';
import { gatewaySettings } from '../../gateway/src/gateway.settings.js';
import { mcpGatewaySettings } from '../../mcp-gateway/src/mcp-gateway.settings.js';
import { pdpProxySettings } from '../../pdp-proxy/src/pdp-proxy.settings.js';
import type { Vendor } from './vendor-file.js';

/** The settings of every app, by its name; those that all enrichers share are listed once. */
export async function settingsOfApps(vendors: readonly Vendor[]): Promise<Readonly<Record<string, SettingsSchema>>> {
  const own = await Promise.all(vendors.map(async (vendor) => [`enricher-${vendor.id}`, await vendorSettings(vendor)]));
  return {
    gateway: gatewaySettings,
    'every enricher': kitSettings,
    ...Object.fromEntries(own),
    auditor: auditorSettings,
    'pdp-proxy': pdpProxySettings,
    'mcp-gateway': mcpGatewaySettings,
    console: consoleSettings,
  };
}

async function vendorSettings({ id, folder }: Vendor): Promise<SettingsSchema> {
  const module = await import(pathToFileURL(resolve(`${folder}/src/definition.ts`)).href);
  const definition = module.definition as EnricherDefinition<SettingsSchema> | undefined;
  if (definition?.id !== id) throw new Error(`${folder}/src/definition.ts exports no definition with the id ${id}`);
  return definition.settings;
}
