import { type SettingsValues, setting } from '@iris/config';
import { decisionSettings } from '@iris/entry-point';
import { z } from 'zod';

/** Every setting of the enriching PDP. */
export const pdpProxySettings = {
  'http.host': setting.text('Address to listen on for HTTP: the Cerbos API, AuthZEN and probes.', {
    fallback: '127.0.0.1',
  }),
  'http.port': setting.integer('Port for HTTP; 0 takes a free one.', { min: 0, max: 65535 }, { fallback: 3692 }),
  'grpc.host': setting.text('Address to listen on for gRPC.', { fallback: '127.0.0.1' }),
  'grpc.port': setting.integer('Port for gRPC; 0 takes a free one.', { min: 0, max: 65535 }, { fallback: 3693 }),
  'listen.tlsCertFile': setting.optionalText('Certificate of both listeners, PEM; without it they do not encrypt.'),
  'listen.tlsKeyFile': setting.optionalText('Private key of that certificate, PEM.'),
  'listen.tlsCaFile': setting.optionalText(
    'Authorities of client certificates, PEM; with it every caller must have a certificate.',
  ),

  'callers.file': setting.text('YAML or JSON file of the callers: how each is authenticated and what it may ask.', {
    fallback: '.iris/callers.yaml',
  }),
  'mapping.file': setting.optionalText(
    'YAML or JSON file of the mapping: which principals are people, which kinds get facts, and the types of AuthZEN.',
  ),
  'request.budgetMs': setting.integer(
    'Maximum time of one question, in ms; context.budgetPercent is the share of the facts.',
    { min: 50, max: 60_000 },
    { fallback: 2000 },
  ),
  'request.maxBytes': setting.integer(
    'Maximum size of one question in bytes; by default that of Cerbos.',
    { min: 1024, max: 64 * 1024 * 1024 },
    { fallback: 4 * 1024 * 1024 },
  ),
  'request.maxAnswerBytes': setting.integer(
    "Maximum size of the PDP's answer in bytes.",
    { min: 1024, max: 512 * 1024 * 1024 },
    { fallback: 64 * 1024 * 1024 },
  ),
  'pdp.httpUrl': setting.url("Origin of the PDP's HTTP listener, for callers of its HTTP API.", {
    fallback: 'http://127.0.0.1:3592',
  }),
  'authzen.publicUrl': setting.structure(
    'Public https URL of the AuthZEN endpoints, which the discovery document states; without it there is none.',
    z.url({ protocol: /^https$/ }).optional(),
    'an https:// URL',
    { fallback: undefined },
  ),
  'authzen.maxCandidates': setting.integer(
    'Maximum subjects, resources or actions that one page of a search asks about; the next page continues.',
    { min: 1, max: 100_000 },
    { fallback: 2000 },
  ),
  ...decisionSettings,
} as const;

export type PdpProxySettings = SettingsValues<typeof pdpProxySettings>;
