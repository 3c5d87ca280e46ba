import { splitName } from '../upstreams/aggregate-names.js';
import { AGGREGATE, AggregateUpstream } from '../upstreams/aggregate-upstream.js';
import type { Upstream } from '../upstreams/upstream.js';
import { type PlaceOptions, ServerPlace } from './server-place.js';

/** The path of each server by its id, and that of all servers as one. */
export function openPlaces(
  upstreams: ReadonlyMap<string, Upstream>,
  options: Omit<PlaceOptions, 'names'>,
): ReadonlyMap<string, ServerPlace> {
  const places = new Map([...upstreams].map(([id, upstream]) => [id, new ServerPlace(upstream, options)]));
  const { maxReadBytes, onUpstreamError } = options;
  const aggregate = new AggregateUpstream(upstreams, { maxReadBytes, onLeftOut: onUpstreamError });
  places.set(AGGREGATE, new ServerPlace(aggregate, { ...options, names: (name) => splitName(name, upstreams) }));
  options.sessions.onIdle = (session) => places.get(session.place)?.end(session);
  return places;
}
