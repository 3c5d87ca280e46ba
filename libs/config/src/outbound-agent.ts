import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/**
 * Connections to the outside, through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY when NODE_USE_ENV_PROXY is 1, as
 * Node.js does it for its own clients. The variables alone change nothing.
 * Source: https://nodejs.org/api/cli.html#node_use_env_proxy1
 */
export function outboundAgent(options: Agent.Options = {}): Dispatcher {
  return process.env.NODE_USE_ENV_PROXY === '1' ? new EnvHttpProxyAgent(options) : new Agent(options);
}
