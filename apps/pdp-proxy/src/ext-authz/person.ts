import { type Identity, isJsonObject, type JsonObject } from '@iris/contracts';
import type { PersonPlace } from '../enrich/index.js';

/** What a gateway states of a request. Only the gateway is authenticated, so only what it sets itself names a person. */
export interface StatedByGateway {
  /** Metadata that the gateway's own filters set, such as the claims of a verified JWT. */
  readonly metadata: JsonObject;
  /** Header in lower case; undefined where it is absent. */
  readonly header: (name: string) => string | undefined;
  /** Identity of the verified client certificate. */
  readonly certificate?: string;
}

/** Longest login name in UTF-16 units. */
const MAX_LOGIN = 512;

/** The login name in the first place of the mapping that holds a text; undefined where none does. */
export function loginOf(places: readonly PersonPlace[], stated: StatedByGateway): string | undefined {
  for (const place of places) {
    const login = textAt(place, stated);
    if (login !== undefined && login !== '') return login.length <= MAX_LOGIN ? login : undefined;
  }
  return undefined;
}

export function identityOf(login: string | undefined): Identity {
  return login === undefined ? { kind: 'anonymous', id: 'anonymous' } : { kind: 'user', id: login, loginName: login };
}

function textAt(place: PersonPlace, { metadata, header, certificate }: StatedByGateway): string | undefined {
  if ('certificate' in place) return certificate;
  if ('header' in place) return header(place.header);
  let value: unknown = metadata;
  for (const step of place.metadata)
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return typeof value === 'string' ? value : undefined;
}
